// the bundle of the npm package @scalar/api-reference
