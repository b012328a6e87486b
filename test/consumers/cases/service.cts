import core = require('@spanwire/core')
import memory = require('@spanwire/driver-memory')
import zod = require('zod')

const orders = core.queue('orders', zod.z.object({ account: zod.z.string() }))
const location: core.Location = { environment: 'cloud', region: 'eu-west' }
const driver = memory.memory({ name: 'dublin' }, { without: ['ttl'] })
const client: core.Client = core.createClient({
  here: location,
  sites: { dublin: { location, driver, endpoints: ['x'] } },
})
client.consume(orders, async (order) => console.log(order.account.toUpperCase()))
client.close().catch((error: unknown) => core.MessagingError.is(error) && console.error(error.code))
