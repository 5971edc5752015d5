import Architecture
import Journal

/// Rows with text that can be searched.
protocol Searchable {
  /// The rows that are shown, in their order.
  func shownRows(_ model: InspectorModel) -> [RowID]
  /// What is pointed at; nil while nothing is.
  func selectedRow(_ model: InspectorModel) -> RowID?
  func select(_ row: RowID, _ model: inout InspectorModel)
  /// The rows whose text contains `needle`, in the order they are shown.
  func hits(_ needle: Needle, _ model: InspectorModel) -> [RowID]
}

/// A view that shows things in rows. Searching, filtering, sorting, tagging and copying work on any of them.
protocol ListView: View, Searchable {
  /// Every row there is, in its own order, whatever is filtered or sorted.
  func allRows(_ model: InspectorModel) -> [RowID]
  /// Rows as text, with the columns that have no room on the screen: what search looks at and yank copies.
  func texts(of rows: [RowID], _ model: InspectorModel) -> [String]
  /// Rows can be left out.
  var isFilterable: Bool { get }
  /// The columns that can be left out.
  func columnNames(_ model: InspectorModel) -> [String]
  /// The order of the rows is the operator's to choose.
  var isSortable: Bool { get }
  func sortKeys(of rows: [RowID], by column: String, _ model: InspectorModel) -> [SortKey]
  /// What filters can ask about.
  var filterNames: [FilterName] { get }
  /// The rows that pass, in their order.
  func rows(_ rows: [RowID], passing filter: Filter, _ model: InspectorModel) -> [RowID]
  /// Nothing goes on in it: `a` leaves it out.
  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool

  /// What it is about, as one JSON value.
  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter)

  // What follows from the above, unless a list is too long for it.

  /// How many rows there are and are not shown.
  func hiddenCount(_ model: InspectorModel) -> Int
  /// Filters and sorts anew.
  func arrange(_ model: inout InspectorModel)
}

extension ListView {
  var isFilterable: Bool { true }
  func columnNames(_ model: InspectorModel) -> [String] { [] }
  var isSortable: Bool { false }
  func sortKeys(of rows: [RowID], by column: String, _ model: InspectorModel) -> [SortKey] {
    rows.map { _ in .missing }
  }
  var filterNames: [FilterName] { [] }
  func rows(_ rows: [RowID], passing filter: Filter, _ model: InspectorModel) -> [RowID] {
    zip(rows, texts(of: rows, model)).filter { _, text in
      filter.passes(values: { _ in [] }, text: { text })
    }.map(\.0)
  }
  func isQuiet(_ row: RowID, _ model: InspectorModel) -> Bool { false }
  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    json.value(texts(of: [row], model).first ?? "")
  }

  func shownRows(_ model: InspectorModel) -> [RowID] { model.lists[id]?.arranged ?? allRows(model) }

  func hiddenCount(_ model: InspectorModel) -> Int {
    guard let arranged = model.lists[id]?.arranged else { return 0 }
    return max(0, allRows(model).count - arranged.count)
  }

  func arrange(_ model: inout InspectorModel) {
    let rows = model.arrangedRows(of: self)
    model.lists[id]?.arranged = rows
  }

  func hits(_ needle: Needle, _ model: InspectorModel) -> [RowID] {
    let rows = shownRows(model)
    return zip(rows, texts(of: rows, model)).filter { needle.isIn($0.1) }.map(\.0)
  }
}

/// Where a row stands by one column.
enum SortKey: Hashable, Comparable, Sendable {
  case number(UInt64)
  case text(String)
  /// After all others, whichever way they go.
  case missing

  init(_ number: some BinaryInteger) { self = .number(UInt64(clamping: number)) }
  init(_ number: (some BinaryInteger)?) { self = number.map { SortKey($0) } ?? .missing }
}

/// A list of things of one type, drawn as a table of columns: most of `ListView` follows from the columns and the
/// fields.
protocol TableView: ListView {
  associatedtype Row
  /// The thing a row is about; nil when it is gone.
  func thing(_ row: RowID, _ model: InspectorModel) -> Row?
  /// All columns, in their order.
  func columns(_ model: InspectorModel) -> [Column<Row>]
  var filterFields: [FilterField<Row>] { get }
}

extension TableView {
  var isSortable: Bool { true }
  var filterNames: [FilterName] { filterFields.map(\.description) }
  func columnNames(_ model: InspectorModel) -> [String] { columns(model).map(\.name) }

  func texts(of rows: [RowID], _ model: InspectorModel) -> [String] {
    let columns = columns(model)
    return rows.map { row in thing(row, model).map { Self.text($0, columns) } ?? "" }
  }

  private static func text(_ thing: Row, _ columns: [Column<Row>]) -> String {
    columns.map { $0.cell(thing).text }.joined(separator: "  ")
  }

  func rows(_ rows: [RowID], passing filter: Filter, _ model: InspectorModel) -> [RowID] {
    let fields = filterFields
    let columns = columns(model)
    return rows.filter { row in
      guard let thing = thing(row, model) else { return false }
      return filter.passes(values: { fields[$0].values(thing, model) }, text: { Self.text(thing, columns) })
    }
  }

  func json(_ row: RowID, _ model: InspectorModel, _ json: inout JSONWriter) {
    if let thing = thing(row, model) as? any JSONWritable { thing.write(to: &json) } else { json.null() }
  }

  func sortKeys(of rows: [RowID], by name: String, _ model: InspectorModel) -> [SortKey] {
    guard let column = columns(model).first(where: { $0.name == name }) else { return rows.map { _ in .missing } }
    return rows.map { row in
      guard let thing = thing(row, model) else { return .missing }
      return column.sortKey?(thing) ?? .text(column.cell(thing).text)
    }
  }
}
