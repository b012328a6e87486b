import { MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { assertOptions, atLeast, flag, made, type OptionForms, oneOf, text, texts, wholeAtLeast } from './options.js'

const FORMS: OptionForms = {
  name: text,
  commands: texts,
  tlsFirst: flag,
  port: made,
  maxAgeMs: atLeast(0),
  replicas: wholeAtLeast(1),
  sasl: oneOf('plain', 'scram-sha-256'),
  times: { inside: { answerMs: atLeast(1) } },
}

function refused(options: object): string {
  try {
    assertOptions(options, FORMS)
  } catch (error) {
    if (MessagingError.is(error) && error.code === 'invalid') return error.message
    throw error
  }
  return 'nothing'
}

describe('assertOptions', () => {
  it('takes each option in its form, and what is absent', () => {
    const port = { connect: () => undefined }
    const options = { name: 'a', commands: ['stop'], tlsFirst: false, port, maxAgeMs: 0.5, replicas: 3, sasl: 'plain' }
    expect(refused({})).toBe('nothing')
    expect(refused({ ...options, times: { answerMs: 1 } })).toBe('nothing')
    expect(refused({ replicas: undefined, times: {} })).toBe('nothing')
  })

  it.each([
    [{ relicas: 3 }, 'options.relicas: unknown key; allowed: name, commands, tlsFirst, port, maxAgeMs'],
    [{ toString: 3 }, 'options.toString: unknown key'],
    [{ times: { answer: 3 } }, 'options.times.answer: unknown key; allowed: answerMs'],
    [{ times: { answerMs: '3s' } }, 'options.times.answerMs: this is not allowed; allowed: a number, 1 or more'],
    [{ times: 3 }, 'options.times: this is not allowed; allowed: an object with answerMs'],
    [{ times: [] }, 'options.times: this is not allowed'],
    [{ replicas: 1.5 }, 'options.replicas: this is not allowed; allowed: a whole number, 1 or more'],
    [{ replicas: 0 }, 'options.replicas: this is not allowed'],
    [{ maxAgeMs: Number.NaN }, 'options.maxAgeMs: this is not allowed; allowed: a number, 0 or more'],
    [{ tlsFirst: 'yes' }, 'options.tlsFirst: this is not allowed; allowed: true, false'],
    [{ name: '' }, 'options.name: this is not allowed; allowed: a text'],
    [{ commands: 'stop' }, 'options.commands: this is not allowed; allowed: a list of texts'],
    [{ port: 'kafkajs' }, 'options.port: this is not allowed; allowed: what a program makes'],
    [{ sasl: null }, 'options.sasl: this is not allowed; allowed: plain, scram-sha-256'],
  ])('refuses %j', (options, sentence) => {
    expect(refused(options)).toContain(sentence)
  })

  it('has a line for each that is wrong, and tells no value', () => {
    const lines = refused({ password: 'hunter2', sasl: 'hunter2' }).split('\n')
    expect(lines.map((line) => line.split(':')[0])).toEqual(['options.password', 'options.sasl'])
    expect(lines.join()).not.toContain('hunter2')
  })
})
