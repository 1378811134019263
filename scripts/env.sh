# Sourced by every script: where things are kept, and how to say what is being done.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Tools and compiled crates live outside the checkout: a second clone builds only what is Switchboard's own.
cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/switchboard
export SWITCHBOARD_TOOLS=${SWITCHBOARD_TOOLS:-$cache/tools}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}

# Each tool sits in a folder named after its version, so that two checkouts never fight over one.
bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
split_version=0.2.4
leptos_version=0.3.11
bindgen_home=$SWITCHBOARD_TOOLS/wasm-bindgen-$bindgen_version
split_home=$SWITCHBOARD_TOOLS/wasm-split-$split_version
clients_home=$SWITCHBOARD_TOOLS/clients
clerk_home=$SWITCHBOARD_TOOLS/clerk-$(cksum < end2end/clerk/package-lock.json | cut -d ' ' -f 1)
leptos_home=$SWITCHBOARD_TOOLS/cargo-leptos-$leptos_version
node_home=$SWITCHBOARD_TOOLS/node-$(cksum < scripts/tools/package-lock.json | cut -d ' ' -f 1)
export PATH=$bindgen_home/bin:$split_home/bin:$leptos_home/bin:$node_home/node_modules/.bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin

# Cargo names what it makes of a crate after its place in the checkout, not after the checkout, and goes by dates: after
# somebody built another checkout here, older sources of this one would pass for built. So the crates' roots are dated anew.
if [ "$(cat "$CARGO_TARGET_DIR/checkout" 2> /dev/null || true)" != "$root" ]; then
  mkdir -p "$CARGO_TARGET_DIR"
  find . -path ./target -prune -o -path ./node_modules -prune -o \( -name lib.rs -o -name main.rs -o -path './tests/*.rs' \) -print0 | xargs -0 touch
  printf '%s' "$root" > "$CARGO_TARGET_DIR/checkout"
fi

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf '\033[1m%s\033[0m\n' "$*" >&2; exit 1; }
has() { command -v "$1" > /dev/null 2>&1; }

# Runs a command under a name, and says how long it took.
step() {
  local name=$1 began=$SECONDS
  shift
  say "── $name"
  "$@" || { local code=$?; say "── $name failed after $((SECONDS - began)) s"; exit "$code"; }
  say "── $name: $((SECONDS - began)) s"
}

# Gives up on a command after some seconds, where the machine has a way to do that.
within() {
  local seconds=$1
  shift
  if has timeout; then timeout "$seconds" "$@"; else "$@"; fi
}

# Runs a command as root: as we are, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs Debian packages for a purpose, or says which packages a person has to install.
install_packages() {
  local purpose=$1
  shift
  if ! has apt-get; then die "$purpose: not found, and this is not a Debian machine. Install what your system calls: $*"; fi
  if [ "$(id -u)" != 0 ] && ! has sudo; then die "$purpose: not found. Ask an administrator to run: apt-get install $*"; fi
  say "$purpose: installing $* with apt-get"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"
}

# Prints the folder that holds initdb, pg_ctl and postgres; the product looks in the same places.
postgres_bin() {
  local dir
  for dir in "${PG_BIN:-}" "$(dirname "$(readlink -f "$(command -v initdb || echo /none/initdb)")")" \
    "$(pg_config --bindir 2> /dev/null || true)" \
    $(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -rV) \
    /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
    if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then echo "$dir"; return; fi
  done
  return 1
}

# Prints the Chromium that drives the browser tests.
chromium_path() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome \
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' /Applications/Chromium.app/Contents/MacOS/Chromium; do
    if [ -n "$name" ] && has "$name"; then command -v "$name"; return; fi
  done
  return 1
}

# True where rustc can compile for the browser.
knows_wasm() {
  ls "$(rustc --print target-libdir --target wasm32-unknown-unknown 2> /dev/null)"/libstd-*.rlib > /dev/null 2>&1
}

# Compares dotted versions: at_least 1.94 1.95.0
at_least() {
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}
