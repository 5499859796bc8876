// Runs the parts that are asked for over shops of their own; 1 if one has found something.
import { crawl } from "./crawl.mjs";
import { journeysOf, QUICK } from "./journeys.mjs";
import { light } from "./lighthouse.mjs";
import { load } from "./load.mjs";
import { measure } from "./measure.mjs";
import { once } from "./once.mjs";
import { polyglots } from "./polyglots.mjs";
import { Shop } from "./shop.mjs";
import { shots } from "./shots.mjs";
import { browse } from "./tools.mjs";

const ALL = { crawl, journeys: journeysOf, once, polyglots };
const ASKED = { shots, measure, load, lighthouse: light, quick: (browser, shop) => journeysOf(browser, shop, QUICK) };

const asked = process.argv[2];
const parts = asked === "all" ? Object.values(ALL) : [ALL[asked] ?? ASKED[asked]];
const browser = await browse();
let isGood = true;
for (const part of parts) {
  const shop = part === load ? null : await Shop.open();
  try {
    // Where forms are counted the worker is to have nothing of its own to send.
    if ([crawl, shots].includes(part)) await shop.endpoint();
    if ([crawl, shots, journeysOf].includes(part)) await shop.orders(8);
    if ([crawl, shots].includes(part)) await shop.longest();
    isGood = (await part(browser, shop)) && isGood;
  } finally {
    shop?.end();
  }
}
await browser.close();
process.exit(isGood ? 0 : 1);
