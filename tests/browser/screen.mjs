// What comes onto the screen by itself while somebody works, and what of a page goes to paper.
import assert from "node:assert/strict";
import { collect, EACH_WIDTH, one, state, take } from "./walk.mjs";

export const [journeys, journey] = collect();

/** Moves an order as another program would. */
const move = (shop, id, status) => {
  const { version } = one(shop, `select version from orders where id = ${id}`);
  return shop.post(`/orders/${id}/status`, { status, version }, shop.owner, "PATCH");
};
const row = (id) => `table.rows tbody #o-${id}`;
const first = (page) => page.locator("table.rows tbody tr").first().getAttribute("data-order");
const at = (page) => page.locator("table.rows tr.is-at").getAttribute("data-order");
const focused = (page) => page.evaluate(() => document.activeElement.closest("tr")?.dataset.order);

journey("a new order comes into the list by itself, and whoever works there by keyboard goes on from where they were", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/orders");
  if (!scripts) {
    const id = await shop.order();
    assert.equal(await page.locator(row(id)).count(), 0, "it came without a script");
    assert(!(await page.locator("[data-live-mark]").isVisible()), "it says that it is live");
    await page.reload();
    assert.equal(await first(page), String(id));
    return page.inspect();
  }
  await page.locator("[data-live-mark]").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const held = await at(page);
  await page.keyboard.press("x");
  const id = await shop.order();
  await page.locator(row(id)).waitFor();
  assert.equal(await first(page), String(id), "it does not stand on top");
  assert(await page.locator(`${row(id)}.is-new`).count(), "it is not marked as new");
  assert.match(await page.locator("#say").innerText(), new RegExp(`#${one(shop, `select coalesce(number, 1000 + id) as number from orders where id = ${id}`).number} has come in`));
  assert.deepEqual([await at(page), await focused(page)], [held, held], "the place in the list is lost");
  assert(await page.locator(`${row(held)} input[type=checkbox]`).isChecked(), "the tick is lost");
  await page.inspect();
  await page.keyboard.press("k");
  await page.keyboard.press("k");
  assert.equal(await at(page), String(id), "the new row is not in the order of the keys");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("o")]);
  assert.equal(new URL(page.url()).pathname, `/admin/orders/${id}`);
}, EACH_WIDTH);

journey("a row changes while it is looked at, and leaves a view that it no longer fits", async ({ shop, open, scripts }) => {
  if (!scripts) return;
  const [page, narrow] = [await open(shop.owner), await open(shop.owner)];
  const id = await shop.order();
  await page.goto("/admin/orders");
  await narrow.goto("/admin/orders?status=pending");
  await Promise.all([page, narrow].map((each) => each.locator("[data-live-mark]").waitFor()));
  await page.keyboard.press("j");
  assert.equal(await at(page), String(id));
  await page.keyboard.press("x");
  await move(shop, id, "processing");
  await page.locator(`${row(id)} .state`, { hasText: "Processing" }).waitFor();
  await narrow.locator(row(id)).waitFor({ state: "detached" });
  assert.deepEqual([await at(page), await focused(page)], [String(id), String(id)], "the place in the list is lost");
  assert(await page.locator(`${row(id)} input[type=checkbox]`).isChecked(), "the tick is lost");
  await page.inspect();
  await narrow.inspect();
});

/** What is for the screen alone and would be printed, and words that would not be read on paper. */
function onPaper() {
  const isThere = (el) => el.checkVisibility() && [...el.getClientRects()].some(({ width, height }) => width > 1 && height > 1);
  const screen = "nav:not(.pages), header.topbar, .tools, .crumb, button, input, select, textarea, form.filters, .bulk, .savebar, .skip, dialog, .sandbox";
  const faults = [...document.querySelectorAll(screen)].filter(isThere).map((el) => `printed: ${el.localName}.${el.className} “${el.innerText?.trim() ?? ""}”`);
  const bright = (color) => {
    const [r, g, b, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    const part = (value) => ((value / 255) <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return alpha === 0 ? 1 : 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  // A printer leaves backgrounds out: every word stands on white.
  for (const el of document.querySelectorAll("body *")) {
    const isWord = [...el.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!isWord || el.closest(".vh") || !isThere(el)) continue;
    const ratio = 1.05 / (bright(getComputedStyle(el).color) + 0.05);
    if (ratio < 4.5) faults.push(`too pale on paper: “${el.innerText.trim().slice(0, 40)}”, ${ratio.toFixed(1)} to 1`);
  }
  return faults;
}

journey("an order and its papers go to paper: the lines, and nothing that is for the screen", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  const order = take(shop, "processing", "paid > 0 and id in (select order_id from invoices)");
  const lines = shop.sql(`select name, sku from order_lines where order_id = ${order.id}`);
  // Somebody who works in the dark prints on white paper all the same.
  await page.context().addCookies([{ name: "theme", value: "dark", url: shop.url }]);
  for (const [address, table] of [["", "table.lines"], ["/invoice", "article table"], ["/packing-slip", "article table"]]) {
    await page.emulateMedia({ media: "screen" });
    await page.goto(`/admin/orders/${order.id}${address}`);
    if (scripts && address) {
      await page.evaluate(() => { window.print = () => { window.printed = true; }; });
      await page.click("[data-print]");
      assert(await page.evaluate(() => window.printed), "the button does not print");
    }
    // As wide as a sheet of A4 between its margins.
    await page.setViewportSize({ width: 688, height: 1000 });
    await page.emulateMedia({ media: "print" });
    const faults = await page.evaluate(onPaper);
    assert.deepEqual(faults, [], `${address || "/"} on paper`);
    for (const { name, sku } of lines) {
      const cell = page.locator(`${table} td`, { hasText: sku }).filter({ hasText: name }).first();
      assert(await cell.isVisible(), `${sku} is not printed`);
    }
    await page.inspect();
    const pdf = (await page.pdf({ format: "A4", preferCSSPageSize: true })).toString("latin1");
    const sheets = pdf.match(/\/Type\s*\/Page\b(?!s)/g).length;
    assert(sheets <= (address ? 1 : 2), `${address || "/"}: ${sheets} sheets`);
  }
  assert.equal(state(shop, order.id), "processing");
});
