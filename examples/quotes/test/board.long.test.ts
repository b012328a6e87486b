import { tell } from './story.js'

tell({ policy: 'all', engines: 'embedded', faults: ['silence'] })
tell({ policy: 'primary', engines: 'nats', faults: ['silence', 'engine'] })
tell({ policy: 'all', engines: 'kubemq,kafka', faults: ['engine'] })
