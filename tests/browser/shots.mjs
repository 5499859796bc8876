// Pictures of every page in every look, for people to look at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { discover, FAILING, OUTSIDE } from "./crawl.mjs";
import { LOOKS, signIn, visitor } from "./look.mjs";
import { eachPlace, endPlaces } from "./places.mjs";

export async function shots(browser, shop) {
  const folder = process.env.BROWSER_SHOTS;
  mkdirSync(folder, { recursive: true });
  const first = await visitor(browser, shop);
  await signIn(first, shop.owner);
  const { addresses } = await discover(first, shop);
  await first.context().close();
  // One of each kind; what differs by its query alone is the same page.
  const kinds = new Map(addresses.map(({ address, row }) => [row.path, address]).reverse());
  let taken = 0;
  const lost = [];
  for (const look of LOOKS) {
    const see = async (page, name) => {
      await page.screenshot({ path: join(folder, `${name}-${look.name}.png`), fullPage: true });
      taken += 1;
    };
    const take = async (page, name, address) => {
      await page.goto(address);
      await see(page, name);
    };
    const page = await visitor(browser, shop, { look });
    await signIn(page, shop.owner);
    for (const [path, address] of kinds) await take(page, named(path), address);
    for (const [address, status] of FAILING) await take(page, `${status}-${named(address)}`, address);
    await page.context().close();
    const guest = await visitor(browser, shop, { look });
    for (const [address] of OUTSIDE()) await take(guest, `outside-${named(address)}`, address);
    await guest.context().close();
    await eachPlace(browser, shop, look, (page, name) => see(page, `place-${name}`), (name, fault) => lost.push(`${name}: ${fault}`));
  }
  await endPlaces(shop);
  console.log([`shots: ${taken} pictures in ${folder}`, ...lost].join("\n  "));
  return lost.length === 0;
}

const named = (path) => path.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") || "front";
