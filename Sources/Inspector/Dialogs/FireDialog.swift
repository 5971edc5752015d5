extension InspectorModel {
  mutating func openFireDialog() { message = "firing is not possible here" }
}
