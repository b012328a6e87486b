import { describe, expect, it } from 'vitest'
import { NewTopics, NO_SUCH_TOPIC } from './new-topics.js'
import { closed } from './obey.js'

const signal = new AbortController().signal

/** A broker that hears of the topic after so many questions, and how many it was asked. */
function brokerBehind(by: number) {
  const broker = {
    asked: 0,
    ask: async () => ({ code: broker.asked++ < by ? NO_SUCH_TOPIC : 0 }),
  }
  return broker
}

describe('NewTopics', () => {
  it('asks a broker that is behind until it knows the new topic', async () => {
    const topics = new NewTopics()
    topics.add('quotes')
    const broker = brokerBehind(2)
    expect(await topics.heard('quotes', broker.ask, signal)).toEqual({ code: 0 })
    expect(broker.asked).toBe(3)
  })

  it('takes the word of the first where nobody has said that there is such a topic, or it was removed since', async () => {
    const topics = new NewTopics()
    topics.add('removed')
    topics.delete('removed')
    for (const topic of ['never', 'removed']) {
      const broker = brokerBehind(1)
      expect(await topics.heard(topic, broker.ask, signal)).toEqual({ code: NO_SUCH_TOPIC })
      expect(broker.asked).toBe(1)
    }
  })

  it('stops asking when the client is closed', async () => {
    const topics = new NewTopics()
    topics.add('quotes')
    const closing = AbortSignal.abort(closed())
    const heard = topics.heard('quotes', brokerBehind(Number.POSITIVE_INFINITY).ask, closing)
    await expect(heard).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
