import { tell } from './story.js'

tell({ policy: 'all', engines: 'embedded' })
tell({ policy: 'primary', engines: 'embedded' })
