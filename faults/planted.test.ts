import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { addTopic, isClean } from './arithmetic.mjs'

type Line = Parameters<typeof addTopic>[0][number]

const wrapper = fileURLToPath(new URL('planted.mjs', import.meta.url))

/** A program that says of 3,000 messages, of two publishers with two keys, that all went well. */
const honest = (name: string): string => `
  for (let index = 0; index < 3000; index++) {
    const [p, key, n] = [index % 2, 'k' + (Math.floor(index / 2) % 2), Math.floor(index / 4) + 1]
    const id = ['m', p, key, n].join('-')
    console.log(JSON.stringify({ name: '${name}', ts: index, pid: 1, id, key, n, p, site: 'a', late: false }))
  }`

/** What it says, through the wrapper if that plays a trick. */
async function said(name: string, trick?: string): Promise<Line[]> {
  const wrapped = trick === undefined ? [] : [wrapper, trick, process.execPath]
  const child = spawn(process.execPath, [...wrapped, '-e', honest(name)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = (await text(child.stdout)).trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Line)
}

it.each([
  ['drop', 'lost', 30],
  ['double', 'duplicated', 3],
  ['swap', 'reordered', 3],
  ['lie', 'belied', 3],
] as const)('a wrapped program that plays %s is caught: %s', async (trick, field, times) => {
  const [isProducer, isConsumer] = [trick === 'lie', trick !== 'lie']
  const [produced, consumed] = await Promise.all([
    said('producer_send_success', isProducer ? trick : undefined),
    said('record', isConsumer ? trick : undefined),
  ])
  const sum = addTopic(produced, consumed)
  expect(sum[field]).toHaveLength(times)
  expect(isClean(sum)).toBe(false)
})
