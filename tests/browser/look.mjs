// What a page is held to: nothing in the console, no failed part, no report of the content policy, nothing serious for
// axe, no scrolling sideways.
import { axe } from "./tools.mjs";

export const LOOKS = [
  { name: "1280-light", width: 1280, height: 900, scheme: "light", unfolds: true },
  { name: "1280-dark", width: 1280, height: 900, scheme: "dark" },
  { name: "390-light", width: 390, height: 844, scheme: "light" },
  { name: "390-dark", width: 390, height: 844, scheme: "dark", unfolds: true },
];

/** A fresh browser of somebody. */
export async function visitor(browser, shop, { look = LOOKS[0], scripts = true } = {}) {
  const context = await browser.newContext({
    baseURL: shop.url, viewport: { width: look.width, height: look.height }, colorScheme: look.scheme,
    javaScriptEnabled: scripts, reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (e) =>
      console.error(`content policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`)));
  const page = await context.newPage();
  Object.assign(page, { faults: [], documents: new Set(), scripts, look });
  page.on("pageerror", (error) => page.faults.push(`page error: ${error.message}`));
  page.on("console", (line) => {
    // Chromium writes a line for a document with a status of 400 or more: who visits it says which status is right.
    const isOfDocument = /^Failed to load resource: the server responded/.test(line.text()) &&
      page.documents.has(line.location().url);
    if (line.type() === "error" && !isOfDocument) page.faults.push(`console: ${line.text()}`);
  });
  page.on("response", (reply) => {
    if (reply.request().isNavigationRequest()) page.documents.add(reply.url());
    else if (reply.status() >= 400) page.faults.push(`${reply.status()} for ${reply.url()}`);
  });
  return page;
}

export async function signIn(page, { name, password }) {
  await page.goto("/admin/login");
  await page.fill("#email", name);
  await page.fill("#password", password);
  const [reply] = await Promise.all([page.waitForNavigation(), page.click("main form.form button.main-act")]);
  if (!reply.ok()) throw new Error(`${name} is not let in: ${reply.status()} ${await page.locator("main").innerText()}`);
}

/** The faults of the page that is shown. */
export async function inspect(page, within) {
  const faults = page.faults.splice(0);
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? `${scrollWidth} px in ${clientWidth}` : "";
  });
  if (wide) faults.push(`scrolls sideways: ${wide}`);
  faults.push(...(await page.evaluate(spills)), ...(await page.evaluate(summaries)));
  // Timers of a page without scripts never ring, and axe waits for them: the same page with scripts is looked at.
  if (!page.scripts) return faults;
  await page.evaluate(`window.axe || (() => { ${axe} })()`);
  // In the dark the same page has other colors, and nothing else.
  const rules = page.look.scheme === "dark" ? { runOnly: { type: "rule", values: ["color-contrast"] } } : {};
  const found = await page.evaluate(async ([within, rules]) => {
    const { violations } = await axe.run(within ?? document, { resultTypes: ["violations"], ...rules });
    return violations
      .filter((rule) => ["serious", "critical"].includes(rule.impact))
      .flatMap((rule) => rule.nodes.map((node) =>
        `axe ${rule.id}: ${node.target.join(" ")}: ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? rule.help}`));
  }, [within, rules]);
  return [...faults, ...found];
}

/** Texts that do not fit into their boxes: they would lie over what comes next, or be cut off. */
function spills() {
  const named = (el) => `${el.localName}${el.id && `#${el.id}`}${[...el.classList].map((name) => `.${name}`).join("")}`;
  const holdsText = (el) => [...el.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const faults = [];
  for (const el of document.querySelectorAll("body *")) {
    const { display, overflowX, overflowY, textOverflow } = getComputedStyle(el);
    // What is hidden from the eye is for the ear.
    if (display === "inline" || el.closest(".vh") || el.clientWidth < 2 || el.clientHeight < 2 || !holdsText(el) || !el.checkVisibility()) continue;
    const [wide, tall] = [el.scrollWidth - el.clientWidth, el.scrollHeight - el.clientHeight];
    const isCut = ["hidden", "clip"].includes(overflowX) && wide > 1 && textOverflow !== "ellipsis";
    const isOver = (overflowY === "visible" && tall > 6) || (overflowX === "visible" && wide > 1);
    if (isCut || isOver) faults.push(`${isCut ? "cut off" : "spills over"}: ${named(el)}, ${wide} by ${tall} px too large`);
  }
  return faults;
}

/** Fields that the summary of what is wrong names otherwise than they name themselves, or does not lead to. */
function summaries() {
  return [...document.querySelectorAll("[data-faults] a[href^='#']")].flatMap((link) => {
    const field = document.getElementById(link.hash.slice(1));
    const named = field?.labels?.[0]?.innerText ?? field?.ariaLabel ?? "";
    const isNamed = named.trim().startsWith(link.innerText.trim());
    return field && isNamed ? [] : [`the summary's “${link.innerText}” leads to ${field ? `“${named}”` : "nothing"}`];
  });
}

/** The faults of what a page holds folded: its menus, its dialogs, the navigation of a phone. */
export async function inspectFolded(page) {
  const faults = [];
  const tell = (part, found) => faults.push(...found.map((fault) => `${part}: ${fault}`));
  const menus = await page.locator("main details").count();
  if (menus) {
    await page.$$eval("main details", (all) => all.forEach((menu) => (menu.open = true)));
    tell("unfolded", await inspect(page));
    await page.$$eval("main details", (all) => all.forEach((menu) => (menu.open = false)));
  }
  for (const id of await page.$$eval("dialog[id]", (all) => all.map((dialog) => dialog.id))) {
    await page.$eval(`dialog#${id}`, (dialog) => dialog.showModal());
    tell(`dialog ${id}`, await inspect(page, `#${id}`));
    await page.$eval(`dialog#${id}`, (dialog) => dialog.close());
  }
  if (await page.locator(".topbar [popovertarget=nav]").isVisible().catch(() => false)) {
    await page.click(".topbar [popovertarget=nav]");
    await page.$$eval("#nav details", (all) => all.forEach((menu) => (menu.open = true)));
    tell("navigation", await inspect(page, "#nav"));
  }
  return faults;
}
