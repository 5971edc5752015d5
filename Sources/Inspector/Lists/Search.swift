import Journal

extension InspectorModel {
  /// What is searched in: the help in front of the view, or the list of the view.
  var searchable: (any Searchable)? { isHelpOpen ? HelpPage() : listView }

  mutating func openSearch() {
    guard searchable != nil else {
      message = "there is no list here to search in"
      return
    }
    openPrompt(.search)
  }

  /// While it is typed: points at the first hit from where the search began, and says how many there are.
  mutating func searchAhead(_ prompt: Prompt) -> Line {
    searched = prompt.text
    guard let list = searchable else { return .empty }
    if let origin = prompt.origin, list.selectedRow(self) != origin { list.select(origin, &self) }
    guard !searched.isEmpty else { return .empty }
    return go(to: .here, in: list)
  }

  /// Enter: the hit that was found stays selected.
  mutating func search(for text: String, from origin: RowID?) {
    searched = text
    guard !text.isEmpty else {
      message = "no search"
      return
    }
    guard let list = searchable else {
      message = "there is no list here to search in"
      return
    }
    message = go(to: .here, in: list)
  }

  /// `n` and `N`: round and round.
  mutating func searchAgain(backwards: Bool) {
    guard let list = searchable else { return }
    guard !searched.isEmpty else {
      message = "nothing is searched: / searches"
      return
    }
    message = go(to: backwards ? .before : .after, in: list)
  }

  private enum Step { case here, after, before }

  /// Points at a hit, and says which of how many it is.
  private mutating func go(to step: Step, in list: any Searchable) -> Line {
    let hits = list.hits(Needle(searched), self)
    guard !hits.isEmpty else { return Line("\"\(TextForm.escaped(searched))\" is nowhere", .waiting) }
    let (place, wraps) = place(step, hits, in: list)
    list.select(hits[place], &self)
    return Line("\(place + 1) of \(hits.count)\(wraps ? ", from the other end" : "")")
  }

  private func place(_ step: Step, _ hits: [RowID], in list: any Searchable) -> (Int, wraps: Bool) {
    let selected = list.selectedRow(self)
    if let selected, let here = hits.firstIndex(of: selected) {
      switch step {
      case .here: return (here, false)
      case .after: return here + 1 < hits.count ? (here + 1, false) : (0, hits.count > 1)
      case .before: return here > 0 ? (here - 1, false) : (hits.count - 1, hits.count > 1)
      }
    }
    // The selection is no hit: the next one in the order of the list.
    guard let selected else { return (step == .before ? hits.count - 1 : 0, false) }
    let rows = list.shownRows(self)
    guard let from = rows.firstIndex(of: selected) else { return (0, false) }
    let found = Set(hits)
    let next =
      step == .before ? rows[..<from].last { found.contains($0) } : rows[from...].first { found.contains($0) }
    guard let next, let place = hits.firstIndex(of: next) else { return (step == .before ? hits.count - 1 : 0, true) }
    return (place, false)
  }
}
