import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { Ports } from '../../src/engines/ports.js'

function ports(): Ports {
  const taken = new Ports()
  onTestFinished(() => taken.release())
  return taken
}

it('gives no port twice while it is held, and again when it was released', async () => {
  const [one, other] = [ports(), ports()]
  const held = (await Promise.all([one.take(150), other.take(150), one.take(150)])).flat()
  expect(new Set(held).size).toBe(450)
  one.release()
  expect(await ports().take(250)).toHaveLength(250)
})

it('leaves out a port that somebody listens on', async () => {
  const [first] = [ports()]
  const [port = 0] = await first.take(1)
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  first.release()
  expect(await ports().take(400)).not.toContain(port)
})

it('says when there are not so many', async () => {
  await expect(ports().take(1_001)).rejects.toThrow('no 1001 free ports from 21000 to 21999')
})
