/// The strongly connected components of a graph (Tarjan 1972), without recursion: a chain of aliases may be long.
struct Components {
  /// The component of each node; components are numbered in the order in which they are left: what a node leads to first.
  private(set) var number: [Int]
  /// How many nodes a component has.
  private(set) var sizes: [Int] = []

  init(_ edges: [[DeliveryGraph.Edge]]) {
    let count = edges.count
    var number = [Int](repeating: -1, count: count)
    var low = [Int](repeating: 0, count: count)
    var order = [Int](repeating: -1, count: count)
    var isOnStack = [Bool](repeating: false, count: count)
    var stack: [Int] = []
    var next = 0
    for root in 0..<count where order[root] < 0 {
      var work: [(node: Int, edge: Int)] = [(root, 0)]
      while let (node, edge) = work.last {
        if edge == 0 {
          order[node] = next
          low[node] = next
          next += 1
          stack.append(node)
          isOnStack[node] = true
        }
        if edge < edges[node].count {
          work[work.count - 1].edge += 1
          let target = edges[node][edge].target
          if order[target] < 0 {
            work.append((target, 0))
          } else if isOnStack[target] {
            low[node] = min(low[node], order[target])
          }
          continue
        }
        work.removeLast()
        if let parent = work.last?.node { low[parent] = min(low[parent], low[node]) }
        guard low[node] == order[node] else { continue }
        sizes.append(0)
        while let member = stack.popLast() {
          isOnStack[member] = false
          number[member] = sizes.count - 1
          sizes[sizes.count - 1] += 1
          if member == node { break }
        }
      }
    }
    self.number = number
  }
}
