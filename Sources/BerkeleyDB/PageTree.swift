/// Which page of a file refers to which as its child, whether that goes downwards only, and whether no page is used twice.
///
/// libdb's verification walks down btrees by recursion, without end when a page is its own descendant. The levels decide: a leaf
/// has level 1, and each child is one level below its parent.
///
/// It also lets thousands of items share the pages of one large value, and libdb copies a large key again for each of its values:
/// to read all pairs of a file of 16 MB could take hours, and as much memory for whoever keeps them. So there is a limit.
struct PageTree {
  /// Type and level of each page.
  private var kinds: [(type: UInt8, level: UInt8)] = []
  /// The references to children: from a page of a tree, or to a tree of duplicates.
  private var references: [Reference] = []
  /// How many bytes of large keys and values come by when all pairs are read; without keys with a tree of duplicates.
  private var largeBytes = 0
  /// The lengths of large keys that have a tree of duplicates.
  private var largeKeysOfTrees = 0
  /// The number of values in all trees of duplicates.
  private var valuesInTrees = 0

  /// How many bytes of large keys and values a file may hold that is smaller itself.
  private static let largeBytesLimit = 64 << 20

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
      countLargeItems(page, typeAt: 2)
    case Page.recnoLeaf, Page.duplicateLeaf:
      valuesInTrees += page.entries
      countLargeItems(page, typeAt: 2)
    case Page.hash, Page.unsortedHash:
      for entry in 0..<page.entries where page.byte(page.offset(entry)) == 4 {
        refer(number, page.integer(page.offset(entry) + 4), isDuplicates: true)
      }
      countLargeItems(page, typeAt: 0)
    default: break
    }
  }

  /// Adds up the large items of a leaf: their type is 3, their length stands behind the page's number.
  private mutating func countLargeItems(_ page: Page, typeAt place: Int) {
    for entry in 0..<page.entries where page.byte(page.offset(entry) + place) & 0x7F == 3 {
      let length = Int(page.integer(page.offset(entry) + 8))
      // A key of a btree comes again with each of its values. A hash has them in one item, each of four bytes or more.
      var times = 1
      if entry % 2 == 0, entry + 1 < page.entries, page.type != Page.recnoLeaf, page.type != Page.duplicateLeaf {
        let (key, value) = (page.offset(entry), page.offset(entry + 1))
        switch (page.type, page.byte(value + place) & 0x7F) {
        case (Page.btreeLeaf, 2), (Page.hash, 4), (Page.unsortedHash, 4): largeKeysOfTrees += length
        case (Page.hash, 2), (Page.unsortedHash, 2): times = (key - value) / 4
        default: break
        }
      }
      largeBytes += length * times
    }
  }

  private mutating func refer(_ parent: UInt32, _ child: UInt32, isDuplicates: Bool = false) {
    references.append(Reference(child: child, parent: parent, isDuplicates: isDuplicates))
  }

  /// Whether each child is there, has one parent, is of the right type and one level below its parent, and whether there
  /// are not too many large items.
  func isSound(pageSize: Int) -> Bool {
    let bytes = Double(largeBytes) + Double(largeKeysOfTrees) * Double(valuesInTrees)
    guard bytes <= Double(max(PageTree.largeBytesLimit, kinds.count * pageSize)) else { return false }
    var hasParent = [Bool](repeating: false, count: kinds.count)
    return references.allSatisfy { reference in
      guard Int(reference.child) < kinds.count, !hasParent[Int(reference.child)] else { return false }
      hasParent[Int(reference.child)] = true
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
