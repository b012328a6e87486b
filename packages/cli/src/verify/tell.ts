import type { Client, ClientEvent } from '@spanwire/core'
import type { Lines } from './lines.js'

/** Prints what happens to a client until it is closed. `about`: fields that say which client it is, when there are several. */
export async function tell(client: Client, lines: Lines, about: object = {}): Promise<void> {
  for await (const event of client.watch()) {
    const line = lineOf(event)
    if (line !== undefined) lines.print(line.name, { ...line.fields, ...about })
  }
}

interface Line {
  readonly name: string
  readonly fields: object
}

function lineOf(event: ClientEvent): Line | undefined {
  switch (event.type) {
    case 'site': {
      const { from, reason, site, to } = event
      return { name: 'site_state', fields: { site, from, to, reason } }
    }
    case 'moved': {
      const { channel, from, ms, reason, to } = event
      return { name: 'site_changed', fields: { channel, from, to, reason, ms } }
    }
    case 'gap': {
      const { first, last, reason, source } = event
      return { name: 'gap', fields: { source, from: first, to: last, reason } }
    }
    case 'gap-closed': {
      const { seq, source } = event
      return { name: 'gap_closed', fields: { source, from: seq, to: seq } }
    }
    case 'overflow':
      return { name: 'overflow', fields: { dropped: event.dropped } }
    case 'undecodable': {
      const { body, error, site } = event
      return { name: 'undecodable', fields: { bytes: Buffer.byteLength(body), reason: error.message, site } }
    }
    default:
      return lessCommon(event)
  }
}

/** What the contract with other programs does not name, and judges may want to know. */
function lessCommon(event: ClientEvent): Line | undefined {
  switch (event.type) {
    case 'lost': {
      const { count, reason, site } = event
      return { name: 'lost', fields: { site, reason, count } }
    }
    case 'failover': {
      const { detectedAt, firstSignAt, lanes, reason, site } = event
      return { name: 'failover', fields: { site, reason, firstSignAt, detectedAt, lanes } }
    }
    case 'failover-record': {
      const { at: _, type: __, ...record } = event
      return { name: 'failover_record', fields: record }
    }
    case 'offered-again': {
      const { channel, count, from, to } = event
      return { name: 'offered_again', fields: { channel, from, to, count } }
    }
    case 'dead-letter': {
      const { attempt, reason } = event
      return { name: 'dead_letter', fields: { reason, attempt } }
    }
    default:
      return undefined
  }
}
