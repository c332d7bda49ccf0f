package report

// What the external tests see of this package.
var CsvColumns = csvColumns

const LargestRecord = largestRecord

var MaskText = maskText

const MostObjects = mostObjects
const MostValues = mostValues

var SchemaOfRecord = schemaOfRecord
var Snake = snake
