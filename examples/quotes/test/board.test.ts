import { tell } from './story.js'

tell({ policy: 'all', engines: 'embedded', faults: [] })
tell({ policy: 'primary', engines: 'embedded', faults: ['silence'] })
