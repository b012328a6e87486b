import { tell } from './story.js'

tell({ policy: 'primary', engines: 'nats' })
