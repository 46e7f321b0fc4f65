// the bundle of the npm package redoc
