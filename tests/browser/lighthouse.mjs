// Lighthouse on the list of orders and on an order: what it thinks of speed, accessibility and practices.
import { cookies } from "./crawl.mjs";
import { signIn, visitor } from "./look.mjs";
import { Report } from "./report.mjs";
import { browse, lighthouse } from "./tools.mjs";

const REACH = 95;
const PORT = 9333;

export async function light(_, shop) {
  const report = new Report("lighthouse");
  const browser = await browse([`--remote-debugging-port=${PORT}`]);
  const page = await visitor(browser, shop);
  await signIn(page, shop.owner);
  const cookie = await cookies(page, shop);
  await page.goto("/admin/orders");
  const order = await page.locator("tbody a.open").first().getAttribute("href");
  const { default: judge } = await lighthouse();
  const options = {
    port: PORT, output: "json", logLevel: "error", onlyCategories: ["performance", "accessibility", "best-practices"],
    extraHeaders: { Cookie: cookie }, formFactor: "desktop", screenEmulation: { disabled: true },
    // The machine and the wire as they are.
    throttlingMethod: "provided",
  };
  for (const path of ["/admin/orders", order]) {
    const { lhr } = await judge(shop.url + path, options);
    if (lhr.runtimeError) report.fault(path, lhr.runtimeError.message);
    for (const { title, score, auditRefs } of Object.values(lhr.categories)) {
      const points = Math.round(score * 100);
      const weak = auditRefs.map(({ id }) => lhr.audits[id]).filter((audit) => audit.score !== null && audit.score < 0.9);
      const told = [`${title} ${points}`, ...weak.map(said)].join("; ");
      console.log(`${path}: ${told}`);
      if (points < REACH) report.fault(path, told);
    }
  }
  await browser.close();
  return report.close("2 pages");
}

const said = ({ title, details }) => `${title} ${details?.items?.map((item) => item.node?.selector ?? "").join(", ") ?? ""}`.trim();
