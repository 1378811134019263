// The part of ClerkJS that the product uses, against the simulated Clerk that serves this file.
(() => {
  "use strict";
  const script = document.currentScript;
  const base = new URL(script.src).origin;
  const key = script.dataset.clerkPublishableKey || window.__clerk_publishable_key || "";
  // A session token lives for a minute; a new one is fetched after five sixths of its life.
  const lifeOf = (jwt) => {
    const { iat, exp } = JSON.parse(atob(jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return ((exp - iat) * 5_000) / 6;
  };
  const YEAR = 31_536_000;

  const listeners = new Set();
  let browser = "";
  let suffix = "";
  let client = null;
  let timer = 0;

  const readCookie = (name) =>
    document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  const writeCookie = (name, value, age) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    const names = suffix && name !== "__clerk_db_jwt" ? [name, `${name}_${suffix}`] : [name];
    for (const each of names) document.cookie = `${each}=${value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
  };

  class ClerkError extends Error {
    constructor(status, body) {
      super(body?.errors?.[0]?.long_message ?? `Request failed with ${status}`);
      this.status = status;
      this.errors = (body?.errors ?? []).map((error) => ({
        code: error.code,
        message: error.message,
        longMessage: error.long_message,
        meta: { paramName: error.meta?.param_name },
      }));
    }
  }

  const ask = async (method, path, fields) => {
    const url = new URL(path, base);
    if (browser) url.searchParams.set("__clerk_db_jwt", browser);
    // As ClerkJS does: a request of another method would be asked for beforehand.
    if (method !== "GET" && method !== "POST") url.searchParams.set("_method", method);
    const body = fields && new URLSearchParams(Object.entries(fields).filter(([, value]) => value != null));
    const response = await fetch(url, { method: method === "GET" ? "GET" : "POST", body, credentials: "include" });
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new ClerkError(response.status, answer);
    if (answer?.client) client = answer.client;
    return answer;
  };

  const active = () => client?.sessions.find((session) => session.id === client.last_active_session_id) ?? null;

  const organizationOf = (data) => data && {
    id: data.id, name: data.name, slug: data.slug, imageUrl: data.image_url, hasImage: data.has_image,
    membersCount: data.members_count, publicMetadata: data.public_metadata,
  };
  const membershipOf = (data) => ({
    id: data.id, role: data.role, roleName: data.role_name, permissions: data.permissions,
    organization: organizationOf(data.organization),
  });
  const userOf = (data) => data && {
    id: data.id, firstName: data.first_name, lastName: data.last_name, username: data.username,
    fullName: [data.first_name, data.last_name].filter(Boolean).join(" ") || null,
    imageUrl: data.image_url, publicMetadata: data.public_metadata,
    primaryEmailAddress: data.email_addresses[0] && { emailAddress: data.email_addresses[0].email_address },
    organizationMemberships: (data.organization_memberships ?? []).map(membershipOf),
    getOrganizationMemberships: async () => {
      const { response } = await ask("GET", "/v1/me/organization_memberships?paginated=true");
      return { data: response.data.map(membershipOf), total_count: response.total_count };
    },
    getOrganizationInvitations: async () => {
      const { response } = await ask("GET", "/v1/me/organization_invitations");
      const accept = (id) => () => ask("POST", `/v1/me/organization_invitations/${id}/accept`);
      const data = response.data.map((invitation) => ({
        id: invitation.id, role: invitation.role, status: invitation.status,
        publicOrganizationData: organizationOf(invitation.public_organization_data),
        accept: accept(invitation.id),
      }));
      return { data, total_count: response.total_count };
    },
  };
  const sessionOf = (data) => data && {
    id: data.id, status: data.status, user: userOf(data.user),
    lastActiveOrganizationId: data.last_active_organization_id,
    getToken: async () => (await ask("POST", `/v1/client/sessions/${data.id}/tokens`)).jwt,
    end: () => ask("POST", `/v1/client/sessions/${data.id}/end`).then(publish),
  };

  // Cookies first: whoever hears of a change may ask the server at once.
  const publish = () => {
    const session = active();
    const token = session?.last_active_token?.jwt;
    if (token) {
      writeCookie("__session", token, YEAR);
      writeCookie("__client_uat", Math.floor(session.created_at / 1000), YEAR);
    } else {
      writeCookie("__session", "", 0);
      writeCookie("__client_uat", 0, YEAR);
    }
    clearTimeout(timer);
    if (session) timer = setTimeout(refresh, token ? lifeOf(token) : 5_000);
    const state = { client, session: clerk.session, user: clerk.user, organization: clerk.organization };
    for (const listener of listeners) listener(state);
  };

  const refresh = async () => {
    const session = active();
    if (!session) return;
    try {
      const organization_id = session.last_active_organization_id ?? "";
      const { jwt } = await ask("POST", `/v1/client/sessions/${session.id}/tokens`, { organization_id });
      session.last_active_token = { object: "token", jwt };
      writeCookie("__session", jwt, YEAR);
      timer = setTimeout(refresh, lifeOf(jwt));
    } catch (error) {
      if (error.status === 404 || error.status === 401) {
        client.last_active_session_id = null;
        publish();
      } else {
        timer = setTimeout(refresh, 5_000);
      }
    }
  };

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const field = (label, name, type, autocomplete) =>
    element("p", {}, element("label", {}, `${label} `,
      element("input", { name, type, autocomplete, required: name !== "first_name" && name !== "last_name" })));

  const form = (host, props, signingUp) => {
    const ticket = new URLSearchParams(location.search).get("__clerk_ticket");
    const problem = element("p");
    problem.setAttribute("role", "alert");
    const send = element("button", { type: "submit", textContent: signingUp ? "Create account" : "Sign in" });
    const swap = element("button", { type: "button", textContent: signingUp ? "I have an account" : "Create an account" });
    swap.addEventListener("click", () => form(host, props, !signingUp));
    const names = signingUp
      ? [field("First name", "first_name", "text", "given-name"), field("Last name", "last_name", "text", "family-name")]
      : [];
    const address = signingUp ? "email_address" : "identifier";
    const made = element("form", {}, ...names, field("Email address", address, "email", "username"),
      field("Password", "password", "password", signingUp ? "new-password" : "current-password"), problem,
      element("p", {}, send, " ", swap));
    made.addEventListener("submit", async (event) => {
      event.preventDefault();
      send.disabled = true;
      problem.textContent = "";
      try {
        const fields = Object.fromEntries(new FormData(made));
        const path = signingUp ? "/v1/client/sign_ups" : "/v1/client/sign_ins";
        const { response } = await ask("POST", path, signingUp ? { ...fields, ticket } : { ...fields, strategy: "password" });
        await clerk.setActive({ session: response.created_session_id });
        const asked = new URLSearchParams(location.search).get("redirect_url");
        const after = signingUp
          ? props.signUpForceRedirectUrl ?? props.forceRedirectUrl ?? asked ?? props.fallbackRedirectUrl ?? props.afterSignUpUrl
          : props.forceRedirectUrl ?? asked ?? props.fallbackRedirectUrl ?? props.afterSignInUrl;
        clerk.closeSignIn();
        if (after) clerk.navigate(after);
      } catch (error) {
        problem.textContent = error.message;
        send.disabled = false;
      }
    });
    host.replaceChildren(element("h1", { textContent: signingUp ? "Create your account" : "Sign in" }), made);
    made.querySelector("input").focus();
  };

  let dialog = null;
  let loading = null;

  const clerk = {
    version: "5.0.0-sandbox",
    publishableKey: key,
    frontendApi: base,
    loaded: false,
    get client() { return client; },
    get session() { return sessionOf(active()); },
    get user() { return userOf(active()?.user); },
    get organization() {
      const session = active();
      const members = session?.user?.organization_memberships ?? [];
      const found = members.find((member) => member.organization.id === session.last_active_organization_id);
      return organizationOf(found?.organization) ?? null;
    },
    get isSignedIn() { return active() !== null; },

    load() {
      loading ??= (async () => {
        if (key && crypto.subtle) {
          const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key));
          suffix = btoa(String.fromCharCode(...new Uint8Array(digest))).replaceAll("+", "-").replaceAll("/", "_").slice(0, 8);
        }
        browser = new URLSearchParams(location.search).get("__clerk_db_jwt") ?? readCookie("__clerk_db_jwt");
        const known = async () => (await ask("GET", "/v1/client")).response;
        const forgotten = (error) => {
          if (error.status !== 401) throw error;
        };
        let found = browser && (await known().catch(forgotten));
        if (!found) {
          browser = "";
          browser = (await ask("POST", "/v1/dev_browser")).token;
          found = await known();
        }
        writeCookie("__clerk_db_jwt", browser, YEAR);
        client = found;
        clerk.loaded = true;
        publish();
      })();
      return loading;
    },

    addListener(listener) {
      listeners.add(listener);
      if (clerk.loaded) listener({ client, session: clerk.session, user: clerk.user, organization: clerk.organization });
      return () => listeners.delete(listener);
    },

    async setActive({ session, organization, redirectUrl } = {}) {
      if (session === null) return clerk.signOut();
      const id = (typeof session === "string" ? session : session?.id) ?? active()?.id;
      if (!id) throw new Error("There is no session to activate.");
      const fields = { intent: organization === undefined ? "select_session" : "select_org" };
      if (organization !== undefined) {
        fields.active_organization_id = (typeof organization === "string" ? organization : organization?.id) ?? "";
      }
      await ask("POST", `/v1/client/sessions/${id}/touch`, fields);
      publish();
      if (redirectUrl) clerk.navigate(redirectUrl);
    },

    async createOrganization({ name, slug }) {
      const { response } = await ask("POST", "/v1/organizations", { name, slug });
      return organizationOf(response);
    },

    async signOut(first, second) {
      const after = typeof first === "function" ? first : second;
      const redirect = typeof first === "object" ? first?.redirectUrl : undefined;
      if (client) client = (await ask("DELETE", "/v1/client")).response;
      publish();
      if (typeof after === "function") await after();
      if (redirect) clerk.navigate(redirect);
    },

    navigate(to) { location.assign(new URL(to, location.href)); },
    mountSignIn(host, props = {}) { form(host, props, new URLSearchParams(location.search).has("__clerk_ticket")); },
    unmountSignIn(host) { host.replaceChildren(); },
    mountSignUp(host, props = {}) { form(host, props, true); },
    unmountSignUp(host) { host.replaceChildren(); },
    openSignIn(props = {}) {
      clerk.closeSignIn();
      const body = element("div");
      dialog = element("dialog", {}, body);
      dialog.setAttribute("aria-label", "Sign in");
      dialog.addEventListener("close", () => clerk.closeSignIn());
      document.body.append(dialog);
      form(body, props, false);
      dialog.showModal();
    },
    closeSignIn() {
      dialog?.remove();
      dialog = null;
    },
    redirectToSignIn({ signInFallbackRedirectUrl } = {}) {
      const url = new URL("/sign-in", location.href);
      url.searchParams.set("redirect_url", signInFallbackRedirectUrl ?? location.href);
      clerk.navigate(url);
    },
  };

  window.Clerk = clerk;
})();
