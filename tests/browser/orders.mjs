// What people do to orders and products.
import assert from "node:assert/strict";
import { collect, EACH_WIDTH, one, press, state, take, turn } from "./walk.mjs";

export const [journeys, journey] = collect();

journey("an order is found by its customer's name, moved, and its time line read", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/orders?status=pending");
  const order = take(shop, "pending");
  const customer = one(shop, `select name from customers where id = (select customer_id from orders where id = ${order.id})`).name;
  if (scripts) {
    await page.keyboard.press("/");
    await page.keyboard.type(customer);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  } else {
    await page.fill("#q", customer);
    await press(page, ".filters button.vh-js");
  }
  const found = await page.locator("td.o-who bdi").allInnerTexts();
  assert(found.length > 0 && found.every((name) => name === customer), `${customer}: ${found}`);
  await page.inspect();
  await press(page, `tr[data-order="${order.id}"] a.open`);
  await press(page, "header .actions .main-act");
  assert.equal(state(shop, order.id), "processing");
  assert.equal(await page.locator("[data-done]").count(), 1);
  assert.match(await page.locator(".time").innerText(), /processing/i);
  await page.inspect();
  await page.fill("#note", "The customer called.");
  await press(page, ".note-form button.btn");
  assert.match(await page.locator(".time").innerText(), /The customer called\./);
});

journey("an order is canceled with a reason, once it is asked", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  const order = take(shop, "pending");
  await page.goto(`/admin/orders/${order.id}`);
  await page.click("header summary[aria-label=More]");
  if (scripts) {
    await page.click("[data-dialog=cancel]");
    assert(await page.locator("dialog#cancel").isVisible());
    await page.keyboard.press("Escape");
    assert(!(await page.locator("dialog#cancel").isVisible()));
    await page.click("header summary[aria-label=More]");
    await page.click("[data-dialog=cancel]");
    await page.fill("dialog#cancel #reason", "changed their mind");
    await press(page, "dialog#cancel button.danger");
  } else {
    await press(page, "header a.danger");
    await page.inspect();
    await press(page, "form.ask a.btn");
    assert.equal(state(shop, order.id), "pending");
    await page.click("header summary[aria-label=More]");
    await press(page, "header a.danger");
    await page.fill("#reason", "changed their mind");
    await press(page, "form.ask button.danger");
  }
  assert.equal(state(shop, order.id), "canceled");
  assert.match(await page.locator(".time").innerText(), /changed their mind/);
  assert.equal(await page.locator("header .actions button").count(), 0);
  await page.inspect();
});

journey("two people change one order: the second sees both versions, and applies theirs again", async ({ shop, open, scripts }) => {
  const colleague = shop.user(`colleague${scripts ? 1 : 2}`, "staff");
  const order = take(shop, "pending");
  const [mine, theirs] = [await open(shop.owner), await open(colleague)];
  await mine.goto(`/admin/orders/${order.id}/cancel`);
  await mine.fill("#reason", "lost <in> the post");
  await theirs.goto(`/admin/orders/${order.id}`);
  await press(theirs, "header .actions .main-act");
  await press(mine, "form.ask button.danger");
  assert.equal(await mine.locator("[data-conflict]").count(), 1);
  assert.equal(state(shop, order.id), "processing");
  await mine.inspect();
  await press(mine, "main form .main-act");
  assert.equal(state(shop, order.id), "canceled");
  assert.match(await mine.locator(".time").innerText(), /lost <in> the post/);
});

journey("a product gets another price, and its stock another count", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  const at = scripts ? 0 : 1;
  const { id, product_id: product } = shop.sql(`select v.id, v.product_id from variants v join stock s on s.variant_id = v.id
    join products p on p.id = v.product_id where p.seller_id is null order by v.id limit 1 offset ${at * 9}`)[0];
  await page.goto(`/admin/products/${product}`);
  const price = page.locator("table.variants tbody tr:first-child td[data-h^=Price] input");
  await price.fill("much");
  await press(page, ".savebar button.btn");
  assert.equal(await price.getAttribute("aria-invalid"), "true");
  assert.equal(await price.inputValue(), "much");
  await page.inspect();
  await price.fill("12.34");
  await press(page, ".savebar button.btn");
  assert.equal(await page.locator("[data-done]").count(), 1);
  assert.equal(await price.inputValue(), "12.34");
  await page.inspect();
  const total = () => shop.sql(`select sum(delta) as n from stock_movements where variant_id = ${id}`)[0].n;
  const before = total();
  await page.goto(`/admin/stock/${id}`);
  await page.fill("#pieces", "7");
  await press(page, "main form .main-act");
  assert.equal(await page.locator("[data-done]").count(), 1);
  assert.notEqual(total(), before);
  await page.inspect();
});

journey("an order is looked at as it was, and nothing can be done to it then", async ({ shop, open }) => {
  const page = await open(shop.owner);
  const order = take(shop, "pending");
  await page.goto(`/admin/orders/${order.id}`);
  await press(page, "header .actions .main-act");
  await page.click(".time li:last-child summary");
  await press(page, ".time li:last-child a[href*='?at=']");
  assert.equal(await page.locator("[data-at]").count(), 1);
  assert.match(await page.locator(".axes").innerText(), /Pending/);
  assert.equal(await page.locator("main form, header .actions > *").count(), 0);
  await page.inspect();
  await press(page, "[data-at] a");
  assert.match(await page.locator(".axes").innerText(), /Processing/);
  await page.inspect();
}, EACH_WIDTH);

journey("products are sorted by name and by price", async ({ shop, open, scripts }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/products");
  const sorted = async (by) => {
    const choose = () => page.selectOption("#sort", by);
    if (scripts) await turn(page, choose);
    else { await choose(); await press(page, ".right button"); }
    assert.equal(new URL(page.url()).searchParams.get("sort"), by);
    await page.inspect();
    return page.locator("tbody td.lead-num").allInnerTexts();
  };
  const [up, down] = [await sorted("price"), await sorted("-price")];
  const least = (text) => Number(/\d[\d,]*\.?\d*/.exec(text)[0].replaceAll(",", ""));
  const isUp = (values) => values.every((value, at) => at === 0 || values[at - 1] <= value);
  assert(up.length > 1 && isUp(up.map(least)), `${up}`);
  assert(isUp(down.map(least).reverse()), `${down}`);
});

journey("three ticked products get a category and leave the shop, and the list tells what came of it", async ({ shop, open }) => {
  const page = await open(shop.owner);
  await page.goto("/admin/products?sort=name");
  const boxes = page.locator('tbody .pick input[type="checkbox"]');
  const ids = [];
  const tick = async () => {
    for (const nth of [0, 1, 2]) {
      await boxes.nth(nth).check();
      ids[nth] = Number(await boxes.nth(nth).inputValue());
    }
    assert(await page.locator("#bulk").isVisible(), "the bar comes with the first tick");
  };
  const stand = (column) => shop.sql(`select ${column} as it from products where id in (${ids})`).map(({ it }) => it);
  await tick();
  await page.inspect();
  await press(page, "#bulk button[value=category]");
  assert.equal(await page.locator("#bulk [aria-invalid=true]").count(), 1, "without a name there is no category");
  assert.equal(await page.locator("tbody .pick :checked").count(), 3, "the ticks stay");
  await page.inspect();
  await page.fill("#bulk input[name=category]", "The window");
  await press(page, "#bulk button[value=category]");
  assert.equal(await page.locator('[data-done="products.changed"]').getAttribute("data-changed"), "3");
  assert.deepEqual(stand("(select name from categories where id = category_id)"), Array(3).fill("The window"));
  await tick();
  await press(page, "#bulk button[value=archive]");
  assert.deepEqual(stand("status"), [4, 4, 4]);
  await page.goto("/admin/products?sort=name&category=The+window");
  await tick();
  await press(page, "#bulk button[value=approve]");
  const told = page.locator('[data-done="products.changed"]');
  assert.equal(await told.getAttribute("data-refused"), "3");
  assert.equal(await told.locator("li a").count(), 3);
  await page.inspect();
}, EACH_WIDTH);
