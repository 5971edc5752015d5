extension InspectorModel {
  mutating func openWhy() { message = "no finding is known" }
}
