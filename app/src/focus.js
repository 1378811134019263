// What has the focus may be drawn anew, or go, when a list hears of a change. The focus then stays where it was, or goes to the
// neighbour; where there is none, to the heading. A dialog hands it back to what opened it.
{
  let here;
  const look = (element) => element.localName + [...element.classList].map((name) => `.${CSS.escape(name)}`).join('');
  const lists = ['table', '.rows', 'ul', 'ol'];
  const kindOf = (element) => `${lists.find((list) => element.closest(list)) ?? ''} ${look(element)}`;
  const nameOf = (element) =>
    element.id || element.getAttribute('href') || [element.name, element.value, element.ariaLabel, element.textContent].join('|');
  const around = (element) => {
    const kind = kindOf(element);
    const names = [...document.querySelectorAll(`main ${kind}`)].map(nameOf);
    return { element, kind, names, at: names.indexOf(nameOf(element)), page: location.pathname };
  };
  const keep = () => {
    if (!here) return;
    if (here.element.isConnected) {
      here = around(here.element);
      return;
    }
    if (document.activeElement !== document.body || location.pathname !== here.page) return;
    const kin = new Map([...document.querySelectorAll(`main ${here.kind}`)].reverse().map((element) => [nameOf(element), element]));
    const { at, names } = here;
    const near = names.map((name, i) => [kin.get(name), i < at ? 2 * (at - i) : 2 * (i - at) - 1]).sort(([, a], [, b]) => a - b);
    for (const element of [...near.map(([element]) => element), document.querySelector('main h1')]) {
      element?.focus({ preventScroll: true });
      if (element && document.activeElement === element) return;
    }
  };
  document.addEventListener('focusin', ({ target }) => {
    if (target.closest('dialog')) return;
    here = target.closest('main') ? around(target) : undefined;
  });
  document.addEventListener('focusout', ({ target, relatedTarget }) => {
    if (relatedTarget?.closest('dialog')) return;
    const left = here;
    here = undefined;
    // Some browsers say so of what is being removed, too.
    queueMicrotask(() => {
      if (!left || target.isConnected) return;
      here ??= left;
      keep();
    });
  });
  document.addEventListener('close', () => queueMicrotask(keep), true);
  new MutationObserver(keep).observe(document.documentElement, { childList: true, subtree: true });
}
