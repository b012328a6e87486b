import type { DayPicture, News } from '../picture.js'

/** What the services say to start.js, by their channels to it. */

interface NewsMessage {
  readonly type: 'news'
  readonly news: News
}

export function isNews(message: unknown): message is NewsMessage {
  return isObject(message) && message['type'] === 'news'
}

export function isDay(message: unknown): message is Omit<DayPicture, 'failed'> {
  return isObject(message) && message['type'] === 'day'
}

export function isClosed(message: unknown): message is { readonly failed: number } {
  return isObject(message) && message['type'] === 'closed' && typeof message['failed'] === 'number'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
