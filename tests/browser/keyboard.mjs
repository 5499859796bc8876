// What people do without a mouse: by Tab and Enter on every page, and by the keys of the list where scripts run.
import assert from "node:assert/strict";
import { collect, EACH_WIDTH, one, press, state, tabTo, take, turn } from "./walk.mjs";

export const [journeys, journey] = collect();

const enter = (page) => turn(page, () => page.keyboard.press("Enter"));

/** Looks for words in the list, and opens an order that is found. */
async function find(page, scripts, words, order) {
  if (scripts) {
    await page.keyboard.press("/");
    await tabTo(page, "#q");
  } else {
    await tabTo(page, ".skip");
    await page.keyboard.press("Enter");
    await tabTo(page, "#q");
  }
  await page.keyboard.type(words);
  await enter(page);
  await page.inspect();
  const row = `tr[data-order="${order.id}"]`;
  if (!scripts) return tabTo(page, `${row} a.open`).then(() => enter(page));
  for (let at = -1, all = await page.locator("tbody tr").count(); !(await page.locator(`${row}.is-at`).count()); ) {
    assert((at += 1) < all, "j leads no further");
    await page.keyboard.press("j");
  }
  await tabTo(page, `${row} a.open`);
  return turn(page, () => page.keyboard.press("o"));
}

journey("by the keyboard alone: in, an order found by its customer and moved, another canceled, its time line read", async (walk) => {
  const { shop, open, scripts } = walk;
  const page = await open();
  const known = "customer_id is not null";
  const [moved, dropped] = [take(shop, "processing", known), take(shop, "pending", known)];
  const buyer = (order) => one(shop, `select name from customers where id = ${order.customer_id}`).name;
  await page.goto("/admin/orders?status=processing");
  await tabTo(page, "#email");
  await page.keyboard.type(shop.owner.name);
  await tabTo(page, "#password");
  await page.keyboard.type(shop.owner.password);
  await enter(page);
  assert.equal(new URL(page.url()).pathname, "/admin/orders");
  await find(page, scripts, buyer(moved), moved);
  await tabTo(page, "header .actions .main-act");
  await enter(page);
  assert.equal(state(shop, moved.id), "shipped");
  if (scripts) {
    await page.keyboard.press("g");
    await turn(page, () => page.keyboard.press("o"));
  } else {
    await tabTo(page, ".crumb");
    await enter(page);
  }
  await find(page, scripts, buyer(dropped), dropped);
  await tabTo(page, "header summary[aria-label=More]");
  await page.keyboard.press("Enter");
  await tabTo(page, "header a.danger");
  if (scripts) {
    await page.keyboard.press("Enter");
    await tabTo(page, "dialog#cancel [data-close]");
    await page.keyboard.press("Escape");
    assert(await page.$eval("header summary[aria-label=More]", (el) => el === document.activeElement), "the focus is lost");
    await page.keyboard.press("Enter");
    await tabTo(page, "header a.danger");
    await page.keyboard.press("Enter");
    await tabTo(page, "dialog#cancel #reason", "Shift+Tab");
    await page.keyboard.type("ordered twice");
    await tabTo(page, "dialog#cancel button.danger");
  } else {
    await enter(page);
    await tabTo(page, "#reason");
    await page.keyboard.type("ordered twice");
    await tabTo(page, "form.ask button.danger");
  }
  assert.equal(state(shop, dropped.id), "pending");
  await enter(page);
  assert.equal(state(shop, dropped.id), "canceled");
  assert.match(await page.locator(".time").innerText(), /ordered twice/);
  await tabTo(page, ".time li:first-child summary");
  await page.keyboard.press("Enter");
  assert(await page.locator(".time li:first-child [data-request]").isVisible(), "the entry does not unfold");
  await page.inspect();
}, EACH_WIDTH);

journey("single keys are switched off, and on again", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/help");
  await press(page, "main form[action='/admin/keys'] button[value=off]");
  assert.equal(await page.getAttribute("html", "data-keys"), "off");
  await page.inspect();
  await page.goto("/admin/orders");
  await page.keyboard.press("j");
  await page.keyboard.press("?");
  assert.equal(await page.locator("tr.is-at, dialog[open]").count(), 0, "a key does something");
  await page.goto("/admin/help");
  await press(page, "main form[action='/admin/keys'] button[value=on]");
  await page.goto("/admin/orders");
  await page.keyboard.press("j");
  assert.equal(await page.locator("tr.is-at").count(), scripts ? 1 : 0);
});

journey("the keyboard alone leads from the list into an order and back", async ({ shop, open, scripts }) => {
  if (!scripts) return;
  const page = await open(shop.owner);
  await page.goto("/admin/orders");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const second = await page.locator("tbody tr").nth(1).getAttribute("data-order");
  assert.equal(await page.locator("tr.is-at").getAttribute("data-order"), second);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("o")]);
  assert.equal(new URL(page.url()).pathname, `/admin/orders/${second}`);
  await page.keyboard.press("g");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("o")]);
  assert.equal(new URL(page.url()).pathname, "/admin/orders");
  await page.keyboard.press("?");
  assert(await page.locator("dialog#keys").isVisible());
  await page.keyboard.press("Escape");
  assert(!(await page.locator("dialog#keys").isVisible()));
  await page.keyboard.press("Tab");
  assert(await page.evaluate(() => document.activeElement !== document.body), "focus is lost");
});
