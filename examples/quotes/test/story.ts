import { mkdirSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Company, isAlive } from './company.js'

const { CHROMIUM_PATH, QUOTES_SHOTS } = process.env
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const SMALL_DAYS = ['--ticks', '300', '--day-seconds', '7', '--pause-seconds', '1']
const SYMBOLS = ['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT']
/** Chromium says so itself whenever a page dials a site that is down. */
const DIALED_IN_VAIN =
  /WebSocket connection to '[^']*' failed.*(ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE)|closed before receiving a handshake response)/

/** What the page shows of a day that is over. */
const PROVED = /1,500 ticks, 0 lost, 0 doubled, equal to the real day/

/** How the story is told: how quotes are routed, what the sites run on, and which faults come. */
export interface Telling {
  readonly policy: 'all' | 'primary'
  readonly engines: string
  /** `silence`: sites that are cut off or hang. `engine`: a server that dies behind its gateway. Sites are always killed. */
  readonly faults: readonly ('silence' | 'engine')[]
}

/** Declares the story of the board in a real browser, once. */
export function tell(telling: Telling): void {
  describe(`the board with quotes by ${telling.policy}() and ${telling.engines} engines`, () => story(telling))
}

function story({ engines, faults, policy }: Telling): void {
  let browser: Browser
  let company: Company
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    if (!CHROMIUM_PATH) return
    company = new Company(['--quotes', policy, '--engines', engines, ...SMALL_DAYS])
    const [, url = ''] = await company.line(/^ready (http:\/\/127\.0\.0\.1:\d+\/)$/)
    browser = await chromium.launch({ executablePath: CHROMIUM_PATH, args: FLAGS })
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !DIALED_IN_VAIN.test(message.text())) complaints.push(message.text())
    })
    await page.goto(url)
  }, 180_000)

  beforeEach(({ skip }) => skip(!CHROMIUM_PATH, 'no Chromium (set CHROMIUM_PATH or apt-get install chromium)'))

  afterAll(async () => {
    await browser?.close()
    company?.signal('SIGTERM')
    await company?.ended()
  }, 20_000)

  it('loses and doubles nothing when the serving site is killed, comes back, and the other one is killed', async () => {
    await everySymbolMoves(page)

    const first = await serving(page)
    process.kill(company.pidOf(first), 'SIGKILL')
    await page
      .getByRole('article', { name: titled(first) })
      .getByText('Down')
      .waitFor()
    const doomed = await placeOrder(page, 'Buy')
    await everySymbolMoves(page)
    await nextVerdict(page)

    const before = company.lines.length
    await page.getByRole('button', { name: `Restart ${titled(first)}`, exact: true }).click()
    await company.line(new RegExp(`^site ${first} pid`), before)
    const calm = await placeOrder(page, 'Sell')
    await takesPart(page, first, policy)
    await nextVerdict(page)

    const second = other(first)
    process.kill(company.pidOf(second), 'SIGKILL')
    await page
      .getByRole('article', { name: titled(second) })
      .getByText('Down')
      .waitFor()
    await everySymbolMoves(page)
    const late = await placeOrder(page, 'Buy')
    await pricingGoesOn(page)
    await nextVerdict(page)

    for (const order of [doomed, calm, late]) expect(await outcome(page, order)).toMatch(/^(filled 1|unconfirmed 0)$/)
    expect(await outcome(page, calm)).toBe('filled 1')
    expect(await provedDays(page)).toBeGreaterThanOrEqual(3)
    expect(complaints).toEqual([])
    await page.getByRole('button', { name: `Restart ${titled(second)}`, exact: true }).click()
    await isUp(page, second)
  }, 180_000)

  if (faults.includes('silence'))
    it('goes on when a site is cut off one way, and when one hangs, and shows how soon that was noticed', async () => {
      for (const fault of ['Cut', 'Hang'] as const) await silence(page, fault)
      await nextVerdict(page)
      await provedDays(page)
      expect(complaints).toEqual([])
    }, 60_000)

  if (faults.includes('engine'))
    it('goes on when an engine is killed behind a gateway that lives', async () => {
      const site = await serving(page)
      const [engine, gateway] = [company.pidOf(site, 'engine'), company.pidOf(site)]
      await page.getByRole('button', { name: serverButton('Kill', site) }).click()
      await page
        .getByRole('article', { name: titled(site) })
        .getByText('down, its store is kept')
        .waitFor()
      expect([isAlive(engine), isAlive(gateway)]).toEqual([false, true])
      await everySymbolMoves(page)
      const before = company.lines.length
      await page.getByRole('button', { name: serverButton('Restart', site) }).click()
      await company.line(new RegExp(`^engine ${site} pid`), before)
      await takesPart(page, site, policy)
      await nextVerdict(page)
      expect(await outcome(page, await placeOrder(page, 'Buy'))).toBe('filled 1')
      await provedDays(page)
      expect(complaints).toEqual([])
    }, 120_000)

  it('ends with every process that it started', async () => {
    await shoot(page, `${policy}-${engines}`)
    await page.close()
    company.signal('SIGINT')
    expect(await company.ended()).toBe(0)
    expect(company.pids.filter(isAlive)).toEqual([])
    expect(company.pids.length).toBeGreaterThanOrEqual(6)
  }, 20_000)
}

/** A button of the engine behind a site's gateway, whichever it is. */
function serverButton(action: string, site: string): RegExp {
  return new RegExp(`^${action} ${titled(site)} (NATS|KubeMQ|Kafka)$`)
}

/** Resolves when each symbol's tick count in the proof has grown, or a new day has begun. */
async function everySymbolMoves(page: Page): Promise<void> {
  for (const symbol of SYMBOLS) {
    const row = page.locator(`.proof tr[data-symbol="${symbol}"] td:has(.of)`)
    const before = await row.textContent()
    await page.waitForFunction(
      ([at, was]) => document.querySelector(at ?? '')?.textContent !== was,
      [`.proof tr[data-symbol="${symbol}"] td:has(.of)`, before],
    )
  }
}

/** Waits for the next day to be over. */
async function nextVerdict(page: Page): Promise<void> {
  const rounds = page.locator('.verdicts li')
  const newest = Number((await rounds.count()) && (await rounds.first().getAttribute('data-round')))
  await page.waitForFunction(
    (last) => Number(document.querySelector('.verdicts li')?.getAttribute('data-round')) > last,
    newest,
    { timeout: 60_000 },
  )
}

/** The serving site falls silent until its failover is shown and the board moves again; then it is healed. */
async function silence(page: Page, fault: 'Cut' | 'Hang'): Promise<void> {
  const site = await serving(page)
  const failovers = page.locator('.timeline li.service[data-switched]')
  const before = await failovers.count()
  await page.getByRole('button', { name: `${fault} ${titled(site)}`, exact: true }).click()
  await page.waitForFunction(
    (count) => document.querySelectorAll('.timeline li.service[data-switched]').length > count,
    before,
  )
  expect(await failovers.first().textContent()).toMatch(/noticed after [\d,]+ ms, (switched|given up) after [\d,]+ ms/)
  await everySymbolMoves(page)
  await page.getByRole('button', { name: `Heal ${titled(site)}`, exact: true }).click()
  await isUp(page, site)
}

/** How many days are over; each of them must be proved. */
async function provedDays(page: Page): Promise<number> {
  const days = await page.getByRole('list', { name: 'Days that are over' }).getByRole('listitem').allInnerTexts()
  for (const day of days) expect(day).toMatch(PROVED)
  return days.length
}

/** The site that most of the board comes from now. */
async function serving(page: Page): Promise<string> {
  const tags = await page.locator('.board tbody .tag').allInnerTexts()
  return tags.filter((tag) => tag === 'Dublin').length > tags.length / 2 ? 'dublin' : 'frankfurt'
}

/** Connected again, and under `all` first with some of the ticks. */
async function takesPart(page: Page, site: string, policy: string): Promise<void> {
  await isUp(page, site)
  if (policy === 'all')
    await page.waitForFunction(
      (name) => !document.querySelector(`.site.${name} dd`)?.textContent.startsWith('0 '),
      site,
    )
}

/** As the site's card says. */
async function isUp(page: Page, site: string): Promise<void> {
  const card = page.getByRole('article', { name: titled(site) })
  await card.getByText('Up', { exact: true }).waitFor()
}

/** Presses the button, and gives the order's id. */
async function placeOrder(page: Page, side: 'Buy' | 'Sell'): Promise<string> {
  const newest = page.locator('.orders li').first()
  const before = (await page.locator('.orders li').count()) ? await newest.getAttribute('data-order') : null
  await page.getByRole('button', { name: side, exact: true }).click()
  await page.waitForFunction((was) => {
    const id = document.querySelector('.orders li')?.getAttribute('data-order')
    return id !== undefined && id !== null && id !== was
  }, before)
  return (await newest.getAttribute('data-order')) ?? ''
}

/** How the order stands once that is final, and how often the desk handled it. */
async function outcome(page: Page, order: string): Promise<string> {
  const line = page.locator(`.orders li[data-order="${order}"]`)
  await page.waitForFunction(
    (id) => {
      const state = document.querySelector(`.orders li[data-order="${id}"]`)?.getAttribute('data-state') ?? ''
      return !['sending', 'accepted', 'unknown'].includes(state)
    },
    order,
    { timeout: 30_000 },
  )
  return `${await line.getAttribute('data-state')} ${await line.getAttribute('data-runs')}`
}

async function pricingGoesOn(page: Page): Promise<void> {
  const answered = Number(await page.locator('[data-answered]').getAttribute('data-answered'))
  await page.waitForFunction(
    (before) => Number(document.querySelector('[data-answered]')?.getAttribute('data-answered')) > before + 4,
    answered,
  )
}

/** For people: `QUOTES_SHOTS=folder` keeps pictures. */
async function shoot(page: Page, policy: string): Promise<void> {
  if (!QUOTES_SHOTS) return
  mkdirSync(QUOTES_SHOTS, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({ path: `${QUOTES_SHOTS}/${policy}-${colorScheme}-${width}.png`, fullPage: true })
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 })
}

const other = (site: string): string => (site === 'frankfurt' ? 'dublin' : 'frankfurt')
const titled = (site: string): string => (site === 'frankfurt' ? 'Frankfurt' : 'Dublin')
