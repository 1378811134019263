// Brings the page to life, and keeps it useful where that fails. The document holds this text, behind the names of `script` and
// `program`; comments and indentation stay behind.

// What a person does before the page listens is kept: a field holds afterwards what it held before, and the page hears of it.
const fields = 'input, textarea, select';
const isSwitch = (field) => field.type === 'checkbox' || field.type === 'radio';
const held = (field) => (isSwitch(field) ? field.checked : field.value);
const asDrawn = (field) => {
  if (isSwitch(field)) return field.defaultChecked;
  if (!field.options) return field.type === 'range' ? field.value : field.defaultValue;
  const options = [...field.options];
  return (options.find((option) => option.defaultSelected) ?? options[0])?.value ?? '';
};
const touched = new Map();
const touch = (event) => {
  if (event.target.matches?.(fields)) touched.set(event.target, held(event.target));
};
for (const kind of ['input', 'change']) document.addEventListener(kind, touch, true);
for (const field of document.querySelectorAll(fields)) {
  if (field.type !== 'hidden' && held(field) !== asDrawn(field)) touched.set(field, held(field));
}
const giveBack = (find) => {
  for (const kind of ['input', 'change']) document.removeEventListener(kind, touch, true);
  for (const [before, value] of touched) {
    const field = find(before);
    if (!field?.isConnected) continue;
    if (isSwitch(field)) field.checked = value;
    else if (field.type !== 'file' && field.value !== value) field.value = value;
    for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  touched.clear();
};

// A form that begins an account or an organization says in which time zone its browser is.
document.addEventListener('submit', (event) => {
  for (const field of event.target.querySelectorAll('input[data-zone]')) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? '';
}, true);

let state = 'starting';
let left = { from: location.href, at: -Infinity };
window.addEventListener('click', () => (left = { from: location.href, at: performance.now() }), true);
const failed = (event) => {
  const error = event.error ?? event.reason;
  // An extension may have a program of its own in the page.
  if (!(error instanceof WebAssembly.RuntimeError) || !error.stack.includes(program.slice(0, program.lastIndexOf('/') + 1))) return;
  if (state === 'starting') {
    event.preventDefault();
    state = 'anew';
    drawAnew().catch(stop);
  } else if (isAnew && !error.stack.includes('?anew')) {
    // What the first program had still to do.
    event.preventDefault();
  } else stop();
};
for (const kind of ['error', 'unhandledrejection']) window.addEventListener(kind, failed);

// A program that stopped while it took the page over leaves listeners behind, and those have to go.
const listeners = [];
for (const target of [window, document]) {
  target.addEventListener = (...listener) => {
    listeners.push([target, listener]);
    EventTarget.prototype.addEventListener.apply(target, listener);
  };
}
const forget = () => {
  for (const [target, listener] of listeners.splice(0)) target.removeEventListener(...listener);
};

const begin = async (module, body) => {
  const browser = await import(module);
  await browser.default({ module_or_path: program });
  await browser.hydrate(body);
  listeners.length = 0;
  delete window.addEventListener;
  delete document.addEventListener;
  state = 'alive';
};

// Extensions and translators may have put something into the page that the program did not expect. The server draws it once more,
// and it is taken over where nobody else reaches it.
let isAnew = false;
const drawAnew = async () => {
  forget();
  isAnew = true;
  Error.stackTraceLimit = 100;
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  // Whoever was signed out meanwhile is led elsewhere.
  if (answer.redirected) return location.assign(answer.url);
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const nonce = document.querySelector('script[nonce]')?.nonce;
  for (const data of fresh.body.querySelectorAll('script')) {
    const script = Object.assign(document.createElement('script'), { nonce, textContent: data.textContent });
    document.head.append(script);
    script.remove();
  }
  const body = document.adoptNode(fresh.body);
  await begin(`${script}?anew`, body);
  const focused = document.activeElement?.id;
  document.body.replaceWith(body);
  giveBack((before) => document.getElementById(before.id) ?? (before.name && body.querySelector(`[name="${CSS.escape(before.name)}"]`)));
  if (focused) document.getElementById(focused)?.focus();
  console.info('Something had changed this page before it was ready. It was drawn anew.');
};

// Where the program has stopped for good, links and forms are the browser's own again, and the page says so.
const stop = () => {
  if (state === 'stopped') return;
  state = 'stopped';
  forget();
  for (const kind of ['click', 'submit', 'keydown', 'input', 'change', 'popstate']) {
    window.addEventListener(kind, (event) => event.stopImmediatePropagation(), true);
  }
  // Whoever was on their way somewhere gets there.
  if (location.href !== left.from && performance.now() - left.at < 5_000) return location.reload();
  document.body.insertAdjacentHTML(
    'afterbegin',
    '<div class="banner" data-kind="warn" role="alert"><p>Part of this page has stopped. Its links and forms still work; nothing on it updates by itself.</p><a class="btn sm" href="">Reload</a></div>',
  );
};

begin(script).then(() => giveBack((field) => field));
