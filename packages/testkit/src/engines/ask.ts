import { request } from 'node:http'
import { setTimeout as elapse } from 'node:timers/promises'

/** How often a question is asked again. */
const AGAIN_MS = 20

/** How long one answer may take; a node that hangs gives none. */
const ANSWER_MS = 1_000

/** The answer of a monitoring page; status 0: none. */
export interface Answer<T> {
  readonly status: number
  readonly body: T | undefined
}

/** Asks until it is so. What the question rejects with, this rejects with; after the signal's abort with its reason. */
export async function askUntil(isSo: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await isSo())) await elapse(AGAIN_MS, undefined, { signal })
}

export interface Question {
  /** Default GET. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Default 1,000. */
  readonly timeoutMs?: number
}

/** One request for a JSON page on the loopback. Never rejects. */
export function ask<T = unknown>(port: number, path: string, question: Question = {}): Promise<Answer<T>> {
  const { timeoutMs = ANSWER_MS, ...how } = question
  return new Promise((resolve) => {
    const none = (): void => resolve({ status: 0, body: undefined })
    const asked = request({ host: '127.0.0.1', port, path, agent: false, timeout: timeoutMs, ...how }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.once('error', none)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) as T | undefined }))
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', none)
    asked.once('close', none)
    asked.end()
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
