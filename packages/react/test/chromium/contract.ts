import { topic } from '@spanwire/core'
import { type Quote, schema } from '../schema.js'

export const quotes = topic('quotes.{symbol}', schema<Quote>(), { delivery: 'durable', latest: true })
