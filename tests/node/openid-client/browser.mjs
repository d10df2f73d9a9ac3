// As much of a browser as two forms need: cookies, redirects, hidden fields.
export class Browser {
  #cookies = new Map();
  #issuer;
  #redirectUri;

  constructor(issuer, redirectUri) {
    this.#issuer = issuer;
    this.#redirectUri = redirectUri;
  }

  async open(url, form) {
    let target = new URL(url);
    while (!target.href.startsWith(this.#redirectUri)) {
      const response = await fetch(target, {
        method: form ? 'POST' : 'GET',
        body: form,
        redirect: 'manual',
        headers: { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; ') },
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [name, value] = cookie.split(';')[0].split('=');
        this.#cookies.set(name, value);
      }
      if (response.status !== 303) return { url: target, body: await response.text(), status: response.status };
      target = new URL(response.headers.get('location'), target);
      form = undefined;
    }
    return { url: target };
  }

  async submit(page, path, fields) {
    const hidden = (name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page.body)?.[1];
    if (!page.body || !hidden('csrf')) throw new Error(`no ${path} form but ${page.status} at ${page.url}`);
    const form = new URLSearchParams({ interaction: hidden('interaction'), csrf: hidden('csrf'), ...fields });
    return this.open(new URL(`${this.#issuer}/${path}`), form);
  }
}
