import type { SiteName } from '../routes.js'

/** Figures as traders read them. Prices come in 1/10,000 dollar. */

const MONEY = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const FINE = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 4 })
const WHOLE = new Intl.NumberFormat('en-US')
const SHORT = new Intl.NumberFormat('en-US', {
  notation: 'compact',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})
const DATE = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})
const SHORT_DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export const money = (price: number): string => MONEY.format(price / 10_000)
/** With what is left below the cent: for proofs. */
export const exactMoney = (price: number): string => FINE.format(price / 10_000)
export const whole = (value: number): string => WHOLE.format(value)
export const short = (value: number): string => SHORT.format(value)
export const signed = (price: number): string => `${price < 0 ? '−' : '+'}${MONEY.format(Math.abs(price) / 10_000)}`
export const percent = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(2)}%`
export const date = (day: string): string => DATE.format(new Date(`${day}T00:00:00Z`))
export const shortDate = (day: string): string => SHORT_DATE.format(new Date(`${day}T00:00:00Z`))
export const clock = (at: number): string => CLOCK.format(at)
export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

/** Seconds since midnight as `15:42`. */
export function session(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

const NAMES: Readonly<Record<string, string>> = {
  frankfurt: 'Frankfurt',
  dublin: 'Dublin',
  AAPL: 'Apple',
  FB: 'Facebook',
  GOOG: 'Google',
  IBM: 'IBM',
  MSFT: 'Microsoft',
  orders: 'Orders',
  quotes: 'Quotes',
  pricing: 'Pricing',
  feed: 'Feed',
  page: 'This page',
} satisfies Record<SiteName, string> & Record<string, string>

/** What people call a site, a company or a channel. */
export const called = (name: string): string => NAMES[name] ?? name
