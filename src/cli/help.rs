//! What `--help` says below the options of a command: what it does, what it touches, how it ends, how one asks for it. A
//! paragraph is one line, which the terminal wraps; what stands in columns is kept below 80 characters by hand.

pub const TILL: &str = "\
Examples:
  till serve --demo       a shop to look at
  till serve              a shop of one's own, and beside it, its owner:
  till user create --email o@shop.example --username owner --role admin

Settings: `till config check` lists them; a file, TILL_<SECTION>__<KEY> variables and flags change them.

Results go to standard output, the log to standard error. Money is decimal text, moments are UTC.

Exit codes:
  0   done
  1   failed, or found something
  2   wrong usage
  75  another process holds the file
  78  bad settings";

pub const SERVE: &str = "\
Makes what is missing in the folder, brings the schema up to date, and listens until it is told to stop. The address that it listens on is the only line on standard output; in an empty shop, a link that makes the first owner is told on standard error. Other commands work beside it.

SIGTERM or SIGINT: it takes no more, finishes what it has begun, and ends within 30 seconds. A kill at any moment loses nothing that was answered.

--demo is a shop of examples in a folder of its own (data-demo), on this machine only: everybody knows its passwords.

Examples:
  till serve
  till serve --demo
  till --data /srv/shop serve --listen 127.0.0.1:9000

Exit codes:
  0   it was told to stop
  1   it cannot listen, or the file fails
  75  another server holds the file
  78  bad settings: the line, variable or flag is named";

pub const MIGRATE: &str = "\
A shop's file knows the changes of schema that it has had. A server applies what is missing by itself when it starts; this is for who would rather look first. Migrations go forward only, each in a transaction of its own. A file that a newer till has written is refused.

Examples:
  till migrate status
  till --data /srv/shop migrate up

Exit codes:
  0   done
  1   the file cannot be read, or is newer than this till
  75  `up` while a server runs: stop it first";

pub const IMPORT: &str = "\
Files are CSV with a header or JSON lines, UTF-8, plain or gzip. A `'` before = + - @ in a CSV cell, as an export puts it there, is taken off again. Import products first, then customers, then orders. Running a file again is harmless: what is there is known, and that is how an import that was stopped is resumed. It works beside a server. To look before the first import: --dry-run with each file, and with that of the orders also --products FILE.

Imported orders keep their dates, prices and states, tell no events, and do not touch the stock unless --stock is given.

Examples:
  till import products products.csv --currency GBP --time-zone Europe/London
  till import customers customers.jsonl.gz
  till import orders orders.csv --dry-run --products products.csv
  till import orders orders.csv --report refused.csv
  till import products products_export.csv --dry-run
  till import products products.csv --images pictures

Products: one row a variant.
  sku                  what it is found by; the only column that must be there
  name, category, tax_category, description
  created_at           of a new one
  status               draft, pending, approved, rejected, archived
  price, price_pence   12.50 or 1250; without one the product is a draft
  quantity             first stock of a new variant, none if not told; never
                       changed afterwards
  low_at               stock at or below which it is low
  weight_g, title      grams; what tells a variant from its sisters
  images               paths of JPEG, PNG or WebP with `;` between them, from
                       the folder of --images on, or from the file's own; the
                       pictures become these, in this order, and stay as they
                       are where the cell is empty
  product              rows side by side with the same text here are variants
                       of one product

Customers: found again by number, without one by e-mail.
  number, customer     either name will do
  name                 without one somebody is called \"Customer 17850\"
  email, phone
  country              a code or an English name
  created_at           of a new one
  status               active, inactive, pending, blocked

Orders: JSON lines, one invoice each; or CSV, one row a line, the rows of an invoice side by side.
  number, invoice      unique; either name will do
  kind                 sale (an order) or cancellation (a credit note, whose
                       quantities are negative)
  datetime, placed_at  2010-12-01T08:26:00 on the shop's clock, or RFC 3339
  customer, country, email, note, shipping_address, billing_address, currency
  status               delivered if not told, and paid; or pending, processing,
                       shipped, canceled, refunded
  processing_at, shipped_at, delivered_at, canceled_at, refunded_at
  paid, refunded, shipping, tax
  tags                 [\"gift\"]
  history              [{at, action, by: user|api_key|system|guest, public,
                       note?, former?}], as an export has it
  lines                [{sku, qty, unit_price or unit_price_pence, name?,
                       list_price?, discount?, tax?}]
  charges              lines without a product, such as POST or C2: [{code,
                       qty, unit_price or unit_price_pence, name?}]

In CSV the columns sku, name, qty, unit_price, list_price, discount and line_tax are the line's, and `charge` is yes on a charge. Addresses, tags and history are JSON on the first row of the invoice.

Shopify's files are known by the names of their columns, whatever their case and order. A file without a column that nothing goes without is refused whole; a row that is no good refuses its whole product or order; rows that belong together stand side by side. Columns that are not read are named once.

Products of Shopify's, in the template's layout or that of 2025:
  Handle               ties the rows of a product together, and is not kept
  Title, Body (HTML)   name and description, as they stand
  Type                 category
  Published, Status    FALSE, draft or unlisted is a draft, as is what has a
                       blank price; archived stays so
  Option1-3 Value      title, joined by ` / `
  Variant SKU          without one it is HANDLE-1, HANDLE-2 …
  Variant Grams        weight_g
  Variant Taxable      FALSE is the tax category `none`
  Variant Inventory Qty, Variant Inventory Tracker
                       first stock; 0 where nobody counts it, which is told
  Image Src, Image Position, Image Alt Text
                       with --images: paths as above; what is at an address
                       elsewhere is not fetched

Orders of Shopify's, as its own export has them:
  Name                 the number, without its #
  Email                finds the customer, or makes one
  Lineitem sku         names a product of the shop; a line without is a charge
  Subtotal, Total      must be what lines, discounts, Shipping and Taxes come
                       to; Total also tells whether taxes are in the prices
  Financial Status, Fulfillment Status, Cancelled at
                       what was paid, and where the order stands: fulfilled is
                       delivered, paid alone is processing
  addresses            whole, or the country alone, which is told

Exit codes:
  0   every row is in, or was there
  1   a row was refused (its line and reason are told), or the shop has
      another currency or time zone
  78  bad settings";

pub const EXPORT: &str = "\
What is exported can be imported again, into an empty file too: products first, then customers, then orders. Credit notes come behind the orders, as invoices of the kind `cancellation`. A customer without a number is given one made of the id (T7). A line whose SKU is sold no more comes as a charge. In CSV an order has one row a line; its addresses, tags and history are JSON on the first.

What stays behind: users and who of them did what, the private links and keys of orders, and the stock's ledger, of which only the sum is taken.

A spreadsheet would run a CSV cell that begins with = + - @ or a tab: a `'` is put before such a text, and `till import` takes it off again.

With --format shopify, products and orders come in the columns of Shopify's: a row a variant or a line, and what is the product's or the order's on the first alone. Low-stock marks, tax categories other than `none`, histories, codes of charges and credit notes have no place there.

It works beside a server, and notes in the audit who took what.

Examples:
  till export orders > orders.csv
  till export customers --format jsonl --out customers.jsonl.gz
  till export orders --format shopify > orders.csv

Exit codes:
  0   the file is whole
  1   it could not be written; no part of it has its name";

pub const SEED: &str = "\
The same shop each time: products with variants in eight categories, customers, and two months of orders in every state, up to today. Only an empty file is filled. It prints who can sign in; the owner's password is this file's alone. `till serve --demo` does all this by itself.

Examples:
  till --data data-demo seed --demo
  till --data data-demo --json seed --demo

Exit codes:
  0   the shop is there
  1   the file is not empty: nothing was changed
  75  a server holds the file";

pub const USER: &str = "\
A user is named by its address. A password is asked for twice on the terminal, or read from standard input; never from the command line, which everybody on the machine can read. What is done here is noted in the audit as the system's, and works beside a server, which sees it within a second.

Examples:
  till user create --email o@shop.example --username owner --role admin
  till user passwd o@shop.example --password-stdin < password
  till user role s@shop.example staff
  till user reset-link s@shop.example
  till user list

Exit codes:
  0   done
  1   there is no such user, the name is taken, or the password is too weak";

pub const BENCH: &str = "\
Each figure is the median of three rounds. The folder is made on the first run, which takes some minutes and some gigabytes, and kept; a shop's own is never touched. \"written\" is bytes on the disk, \"others\" the processors that other processes kept busy meanwhile: figures count only where that is next to nothing. After each round the rows of the file are counted against the replies.

Examples:
  till bench orders
  till bench reads --connections 16 --seconds 10 --json
  till bench replay --file orders.jsonl.gz

Exit codes:
  0   every round added up
  1   one did not (it says FAILED), or the server could not be driven";

pub const DOCTOR: &str = "\
Goes through the whole file: its pages and references, that stock is the sum of its ledger, that orders, lines, payments and refunds add up, that wallets and commissions balance, that each change has its event and its row in the audit, and that the chain of the audit is whole. What is broken is named with its row, what was expected and what is there.

It only reads, mends nothing, and works beside a server.

Examples:
  till doctor
  till --data /srv/shop --json doctor

Exit codes:
  0   nothing was found
  1   something was, or the file cannot be read";

pub const EVENTS: &str = "\
Every change of the shop tells an event, numbered in the order of the commits. This only reads, beside a server or alone; programs read the same over GET /api/v1/events.

Examples:
  till events tail --follow --stream orders
  till events range 100 200 --json
  till events info

Exit codes:
  0   done
  1   there is no such stream or type, or the file cannot be read";

pub const MAILS: &str = "\
What the shop has to say to people waits in its file until it is sent. `show` prints the one-time link in a mail, to hand it over where no mail is sent: that is noted in the audit.

Examples:
  till mails list --failed
  till mails show 7
  till mails retry --failed

Exit codes:
  0   done
  1   there is no such mail, or it cannot be sent again";

pub const WEBHOOKS: &str = "\
Deliveries are sent by the server. What is asked for here is written into the file, beside it, and sent at its next look.

Examples:
  till webhooks list --status dead
  till webhooks retry 40961
  till webhooks replay 1 --failed-since 2026-03-01

Exit codes:
  0   done
  1   there is no such endpoint or delivery";

pub const AUDIT: &str = "\
Each row of the audit is chained to the one before by a key that lies outside the file, so that what was changed, cut out or put in shows. `verify` prints the end of the chain: note it elsewhere, and a tail that was cut off shows too. It only reads, beside a server or alone.

Examples:
  till audit verify
  till audit verify --head 4711:4f1d0c…

Exit codes:
  0   the chain is whole
  1   it is broken: the first row that is wrong is named";

pub const SQL: &str = "\
The question is answered beside a running server and cannot change anything. A distribution's `sqlite3` must never be used on the live file: closing it can drop the locks of the server.

Rows are printed as they come. While they are read, a server's log of changes cannot shrink: leave no pager open on a long answer.

Money is in minor units (cents), moments are milliseconds since 1970 (UTC), bytes are printed in base64url.

Examples:
  till sql --read-only 'select status, count(*) from orders group by status'
  till sql --read-only --csv < question.sql > answer.csv

Exit codes:
  0   answered
  1   it is no question, or the file cannot be read";

pub const CONFIG: &str = "\
Settings come from config.toml (or --config FILE), from TILL_<SECTION>__<KEY> variables, and from flags, each before the one before it. This reads them as a server would, and opens no shop.

Examples:
  till config check
  TILL_SERVER__LISTEN=127.0.0.1:9000 till config check

Exit codes:
  0   all fit
  78  one does not: the line, variable or flag is named";

pub const PRINT: &str = "\
Needs no shop and no settings, and touches no file.

Examples:
  till print openapi > openapi.json
  till print completions bash > /etc/bash_completion.d/till
  till print man | man -l -

Exit codes:
  0   printed
  2   there is no such thing to print";
