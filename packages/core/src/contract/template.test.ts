import { isPath, isPathPattern } from '@spanwire/driver'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeToken, paramsOf, parseTemplate, pathOf, patternOf, unescapeToken } from './template.js'

const invalid = expect.objectContaining({ code: 'invalid' })
const legs = { template: 'legs.{venue}.{symbol}', params: ['venue', 'symbol'] }
const plain = { template: 'orders', params: [] }

describe('parseTemplate', () => {
  it.each([
    ['quotes.{symbol}', 'quotes', ['symbol']],
    ['orders', 'orders', []],
    ['eu-1.quotes.{venue}.{symbol_2}', 'eu-1.quotes', ['venue', 'symbol_2']],
  ])('reads %s', (template, name, params) => {
    expect(parseTemplate(template)).toEqual({ name, params })
  })

  it.each([
    '',
    '{symbol}',
    'Quotes',
    'quotes.',
    '.quotes',
    'quotes..x',
    'quotes.*',
    'quotes.>',
    'quotes_x',
    'quotes x',
    'quotes\n',
    'quotes.{symbol}.eur',
    'quotes.x{symbol}',
    'quotes.{symbol}x',
    'quotes{symbol}',
    'quotes.{}',
    'quotes.{sym-bol}',
    'quotes.{symbol',
    'quotes.{a}.{a}',
    'q'.repeat(201),
  ])('refuses %j', (template) => {
    expect(() => parseTemplate(template)).toThrow(invalid)
  })
})

const wellFormed = fc.string({ unit: 'binary', minLength: 1 })

describe('tokens', () => {
  it.each([
    ['BRK.B', 'BRK_2eB'],
    ['a_b', 'a_5fb'],
    ['AAPL-1', 'AAPL-1'],
    ['é', '_c3_a9'],
    ['\u{1f600}', '_f0_9f_98_80'],
    ["~!'()* >%\0\n", '_7e_21_27_28_29_2a_20_3e_25_00_0a'],
  ])('writes %j as %s', (text, token) => {
    expect(escapeToken(text)).toBe(token)
    expect(unescapeToken(token)).toBe(text)
  })

  it.each(['', '\ud800', 'a\udc00'])('refuses %j', (text) => {
    expect(() => escapeToken(text)).toThrow(invalid)
  })

  it('come back as they were, and are legal for every engine', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        const token = escapeToken(text)
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(unescapeToken(token)).toBe(text)
      }),
    )
  })

  it('never meet: only the text itself gives its token', () => {
    const token = fc.stringMatching(/^(?:[A-C_]|_[0-9a-f]{2}|_[0-9A-F]{2}|-){1,6}$/)
    fc.assert(
      fc.property(token, (some) => {
        const text = unescapeToken(some)
        expect(text === some || escapeToken(text) === some).toBe(true)
      }),
    )
  })

  it.each(['a_b', '_2E', '_41', '_ff', '_', 'x_2'])('gives the foreign token %s as it is', (token) => {
    expect(unescapeToken(token)).toBe(token)
  })
})

describe('paths', () => {
  it('are filled from the parameters, else from the value', () => {
    expect(pathOf(legs, { venue: 'x' }, { venue: 'y', symbol: 7, price: 1 })).toBe('x.7')
    expect(pathOf(plain)).toBe('')
    expect(pathOf(plain, {}, 'text')).toBe('')
  })

  it.each([undefined, null, true, {}, Number.NaN, ''])('refuse %j as parameter', (symbol) => {
    expect(() => pathOf(legs, { venue: 'x' }, { symbol })).toThrow(invalid)
  })

  it('name the missing parameter', () => {
    expect(() => pathOf(legs, { venue: 'x' }, null)).toThrow(/legs\.\{venue\}\.\{symbol\} needs symbol/)
  })

  it('are at most 200 characters', () => {
    expect(pathOf(legs, { venue: 'x', symbol: 'y'.repeat(198) })).toHaveLength(200)
    expect(() => pathOf(legs, { venue: 'x', symbol: 'y'.repeat(199) })).toThrow(invalid)
  })

  it('come apart into what they were made of', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (venue, symbol) => {
        fc.pre(escapeToken(venue).length + escapeToken(symbol).length < 200)
        const path = pathOf(legs, { venue, symbol })
        expect(isPath(path, 2)).toBe(true)
        expect(paramsOf(legs, path)).toEqual({ venue, symbol })
      }),
    )
    expect(paramsOf(plain, '')).toEqual({})
  })

  it('become patterns where a parameter is missing', () => {
    expect(patternOf(legs)).toBe('*.*')
    expect(patternOf(legs, { symbol: 'BRK.B' })).toBe('*.BRK_2eB')
    expect(patternOf(legs, { symbol: '*' })).toBe('*._2a')
    expect(patternOf(plain)).toBe('')
    expect(isPathPattern(patternOf(legs, { symbol: '>' }), 2)).toBe(true)
  })
})
