const { tell } = require('./story.cjs')

tell(require('@spanwire/core'), require('@spanwire/driver-memory'))
