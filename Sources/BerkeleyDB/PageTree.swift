/// Which page of a file refers to which as its child, and whether that goes downwards only.
///
/// libdb's verification walks down btrees by recursion, without end when a page is its own descendant. The levels decide: a leaf
/// has level 1, and each child is one level below its parent.
struct PageTree {
  /// Type and level of each page.
  private var kinds: [(type: UInt8, level: UInt8)] = []
  /// The references to children: from a page of a tree, or to a tree of duplicates.
  private var references: [Reference] = []

  private struct Reference {
    var child: UInt32
    var parent: UInt32
    /// Whether the child is the root of a tree of duplicates.
    var isDuplicates: Bool
  }

  /// Notes a page and its references; the pages come in their order, and their items are known to fit.
  mutating func append(_ page: Page) {
    let number = UInt32(kinds.count)
    kinds.append((page.type, page.level))
    switch page.type {
    case Page.btreeInternal:
      for entry in 0..<page.entries { refer(number, page.integer(page.offset(entry) + 4)) }
    case Page.recnoInternal:
      for entry in 0..<page.entries { refer(number, page.integer(page.offset(entry))) }
    case Page.btreeLeaf:
      for entry in 0..<page.entries where page.byte(page.offset(entry) + 2) & 0x7F == 2 {
        refer(number, page.integer(page.offset(entry) + 4), isDuplicates: true)
      }
    case Page.hash, Page.unsortedHash:
      for entry in 0..<page.entries where page.byte(page.offset(entry)) == 4 {
        refer(number, page.integer(page.offset(entry) + 4), isDuplicates: true)
      }
    default: break
    }
  }

  private mutating func refer(_ parent: UInt32, _ child: UInt32, isDuplicates: Bool = false) {
    references.append(Reference(child: child, parent: parent, isDuplicates: isDuplicates))
  }

  /// Whether each child is there, of the right type, and one level below its parent.
  var isSound: Bool {
    references.allSatisfy { reference in
      guard Int(reference.child) < kinds.count else { return false }
      let (parent, child) = (kinds[Int(reference.parent)], kinds[Int(reference.child)])
      if reference.isDuplicates { return child.type == Page.recnoLeaf || child.type == Page.recnoInternal }
      let isOfTree =
        parent.type == Page.btreeInternal
        ? child.type == Page.btreeInternal || child.type == Page.btreeLeaf
        : child.type == Page.recnoInternal || child.type == Page.recnoLeaf
      return isOfTree && parent.level > 1 && child.level == parent.level - 1
    }
  }
}
