// What people do, with scripts and without: each journey in fresh browsers, held to what the pages and the rows say.
import { journeys as ofKeys } from "./keyboard.mjs";
import { inspect, signIn, visitor } from "./look.mjs";
import { journeys as ofOrders } from "./orders.mjs";
import { journeys as ofPeople } from "./people.mjs";
import { Report } from "./report.mjs";
import { journeys as ofScreen } from "./screen.mjs";
import { Shop } from "./shop.mjs";

/** The journey that is walked wherever there is a browser. */
export const QUICK = "an order is canceled";

export async function journeysOf(browser, shop, only = process.env.BROWSER_ONLY) {
  const report = new Report("journeys");
  const asked = [...ofPeople, ...ofOrders, ...ofKeys, ...ofScreen].filter(({ name }) => !only || name.includes(only));
  const walks = asked.flatMap((journey) => journey.looks.flatMap((look) =>
    [true, false].map((scripts) => ({ ...journey, look, scripts }))));
  for (const walk of walks) await along(browser, shop, report, walk);
  return report.close(`${walks.length} walked`);
}

async function along(browser, shop, report, { name, walk, look, scripts }) {
  const way = `${look.width} px, ${scripts ? "with" : "without"} scripts`;
  const where = `${name} (${way})`;
  const pages = [];
  let own;
  const fresh = async () => (own = await Shop.open("empty"));
  const open = async (user, of = shop) => {
    const page = await visitor(browser, of, { look, scripts });
    page.inspect = async () => report.faultsAt(`${where}: ${new URL(page.url()).pathname}`, await inspect(page));
    pages.push(page);
    if (user) await signIn(page, user);
    return page;
  };
  try {
    await walk({ shop, open, scripts, way, fresh });
  } catch (error) {
    report.fault(where, `${error.message}\n    ${error.stack.match(/\w+\.mjs:\d+/g)?.join(" ")}`);
  }
  for (const page of pages) {
    report.faultsAt(where, page.faults);
    await page.context().close();
  }
  own?.end();
}
