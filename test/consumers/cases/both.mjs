import { createRequire } from 'node:module'
import { MessagingError, topic } from '@spanwire/core'

const copy = createRequire(import.meta.url)('@spanwire/core')
if (copy.MessagingError === MessagingError) throw new Error('there is one copy only, so this shows nothing')

const thrownBy = (make) => {
  try {
    make('a bad { name', {})
  } catch (error) {
    return error
  }
}
const known = [MessagingError.is(thrownBy(copy.topic)), copy.MessagingError.is(thrownBy(topic))]
console.log(known.every(Boolean) ? 'known twice' : `known: ${known}`)
