// The smallest story, told by either copy of the packages: three quotes are published and read, an order is worked, a price asked.
exports.tell = async ({ createClient, json, primary, queue, rpc, topic }, { createEngine, memory }) => {
  const quotes = topic('quotes.{symbol}', json, { delivery: 'durable' })
  const orders = queue('orders', json)
  const price = rpc('price', json, json)
  const location = { environment: 'on-prem', region: 'eu-central' }
  const sites = { frankfurt: { location, driver: memory(createEngine()), endpoints: ['frankfurt'] } }
  const client = createClient({ here: location, sites, routes: [{ match: '>', policy: primary('frankfurt') }] })

  const subscription = client.subscribe(quotes)
  await subscription.ready
  const worked = new Promise((resolve) => client.consume(orders, resolve))
  const responder = client.respond(price, ({ symbol }) => ({ symbol, price: 7 }))
  await responder.ready

  for (const symbol of ['IBM', 'AAPL', 'BRK.B']) await client.publish(quotes, { symbol, price: 1 })
  await client.send(orders, { account: 'a' })
  const reply = await client.request(price, { symbol: 'IBM' })
  const order = await worked
  const read = []
  for await (const { value } of subscription) if (read.push(value.symbol) === 3) break
  await client.close()
  console.log(`received ${read.length}: ${read}; worked for ${order.account}; price ${reply.price}`)
}
