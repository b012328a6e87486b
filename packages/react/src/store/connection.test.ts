import type { SiteState } from '@spanwire/core'
import { describe, expect, it } from 'vitest'
import { type ConnectionState, connectionState } from './connection.js'

type Row = readonly [sites: readonly SiteState[], online: boolean, before: ConnectionState, expected: ConnectionState]

describe('the connection in one word', () => {
  const rows: readonly Row[] = [
    [[], true, 'idle', 'idle'],
    [['idle', 'idle'], true, 'idle', 'idle'],
    [['dialing', 'dialing'], true, 'idle', 'connecting'],
    [['dialing', 'waiting'], true, 'connecting', 'connecting'],
    [['up', 'dialing'], true, 'connecting', 'degraded'],
    [['up', 'up'], true, 'degraded', 'connected'],
    [['up', 'idle'], true, 'connecting', 'connected'],
    [['up', 'up'], false, 'connected', 'degraded'],
    [['up', 'suspect'], true, 'connected', 'degraded'],
    [['draining', 'up'], true, 'connected', 'degraded'],
    [['up', 'waiting'], true, 'connected', 'degraded'],
    [['up', 'disabled'], true, 'connected', 'degraded'],
    [['waiting', 'dialing'], true, 'degraded', 'reconnecting'],
    [['waiting', 'dialing'], true, 'reconnecting', 'reconnecting'],
    [['waiting', 'waiting'], false, 'degraded', 'offline'],
    [['waiting', 'waiting'], true, 'offline', 'reconnecting'],
    [['disabled'], true, 'connecting', 'connecting'],
    [['closed', 'closed'], true, 'connected', 'closed'],
    [['closed', 'closed'], false, 'connected', 'closed'],
  ]
  it.each(rows)('%j, online %s, after %s: %s', (sites, online, before, expected) => {
    expect(connectionState(sites, online, before)).toBe(expected)
  })
})
