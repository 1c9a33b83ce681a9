import TestSupport
import Testing

/// Databases that sendmail's programs read, and that neither they nor we make: with checksums, with duplicates that are sorted,
/// with other databases in the same file, in the other byte order.
@Suite struct ForeignDatabaseTests {
  @Test(.needs(.makemap, .editmap, .praliases, .dbLoad), arguments: ["hash", "btree"])
  func readAndChangedAsTheyDo(type: String) throws {
    let libraries = Tools.environment["LD_LIBRARY_PATH"] ?? ""
    try ProgramSafetyTests.compare(
      """
      load() { LD_LIBRARY_PATH='\(libraries)' '\(try Tools.dbLoad)' -T -t \(type) "$@"; }
      printf 'a\nb\nc\nd\ne\\\\00\nf\\\\00\n' > pairs
      load -f pairs -c chksum=1 sums.db
      load -f pairs -c chksum=1 -c db_pagesize=512 small.db
      load -f pairs -c chksum=1 -c db_lorder=4321 big.db
      load -f pairs -c duplicates=1 -c dupsort=1 sorted.db
      for name in one two; do load -f pairs -c database=$name several.db; done
      load -f pairs -c database=one -c chksum=1 both.db
      for ((number = 0; number < 3000; number++)); do printf 'key%s\n%0*d\n' $number $((number % 400)) $number; done > many
      printf 'long\n%09000d\n' 1 >> many
      load -f many -c chksum=1 many.db; load -f many -c database=one list.db
      for map in sums small big sorted several both; do
        for type in hash btree implicit; do
          say makemap -C empty.cf -u $type $map
          for key in a e one none; do say editmap -C empty.cf -q $type $map $key; done
          say editmap -C empty.cf -q -N $type $map e
          for call in "editmap -u $type $map k v" "editmap -x $type $map a" "editmap -x $type $map none" \\
            "makemap -o $type $map" "makemap $type $map"; do
            cp $map.db kept; say ${call%% *} -C empty.cf ${call#* } < <(echo k v)
            say makemap -C empty.cf -u $type $map; mv kept $map.db
          done
        done
        for form in '' hash: btree:; do say praliases -f $form$map; say praliases -f $form$map a e one; done
      done
      for key in key0 key1234 key2999 long none; do say editmap -C empty.cf -q \(type) many $key; done
      say makemap -C empty.cf -u \(type) many; say makemap -C empty.cf -u btree list
      """)
  }
}
