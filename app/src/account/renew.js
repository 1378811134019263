{
  const script = document.getElementById('clerk');
  const failed = () => document.body.insertAdjacentHTML(
    'beforeend',
    '<div class="banner over" data-kind="fault" role="alert"><p>Clerk could not be reached. Your session ends in a minute, and what you do then is not kept. Reload this page.</p></div>',
  );
  const renew = () => Clerk.load({ nonce: script.nonce }).catch(failed);
  if (window.Clerk) renew();
  else {
    script.addEventListener('load', renew);
    script.addEventListener('error', failed);
  }
}
