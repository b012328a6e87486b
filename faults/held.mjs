/**
 * `node held.mjs <argument ...>`: the `spanwire` command with these arguments, which says `loaded` when all of it is in
 * memory and begins when stdin says anything. So programs are started while nothing is measured. Without a word it ends.
 */
import { once } from 'node:events'
import { program } from '@spanwire/cli'

process.stdout.write(`${JSON.stringify({ name: 'loaded', ts: Date.now(), pid: process.pid })}\n`)
process.stdin.once('end', () => process.exit())
await once(process.stdin, 'data')
process.stdin.removeAllListeners('end').destroy()
try {
  await program().parseAsync(process.argv)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
