/// Rules of every kind that no stock sendmail.cf has, and what to ask them.
enum OddRules {
  static let text = #"""
    DXfoo(bar) "q r" <z>
    Kd dequote
    Km macro
    Ka arith
    C{cc}a.b c one two
    Sinf
    R$*\#ta $1
    Sinf2
    R$* \#t$: $>inf2 x $1
    Souter
    R$*\#t$: $>in1 A $>in2 B $1
    Sin1
    R$*\#tone < $1 >
    R$*\#t$@ one < $1 >
    Sin2
    R$* bad\#t$#error $: no
    R$*\#t$@ two < $1 >
    Souter2
    R$*\#t$: x $>in2 $1
    R$*\#t$: y $1
    Souter3
    R$*\#t$: $>in1 $>inf $>in2 $1
    R$*\#t$: z $1
    Sunk
    R$*\#t$: $>nosuch $1
    R$*\#t$: z $1
    Smaps
    R$*\#t$: $(nomap $1 $: def $) after
    Smaps2
    R$*\#t$: $(d $1 $@ a b $@ c $@ $@ d $: de f $) after $1
    Smaps3
    R$*\#t$: $(a + $@ $1 $@ 3 $: de f $) $(a & $@ 6 $@ 3 $) $(a l $@ 6 $@ 3 $) $(a / $@ 1 $@ 0 $)
    Smaps4
    R$*\#t$: $(m {foo} $@ $1 $) $&{foo} $(m {foo} $) $&{foo} x
    Smaps5
    R$*\#t$: $(d $1 $(d $2 $) $) x
    Smaps6
    R$*\#t$: $(d $1 x
    Smaps7
    R$*\#t$: $( $1 x
    Smaps8
    R$*\#t$: $[ $1 $: no $] x
    Smaps9
    R$*\#t$: $[ $1 $] x
    Slhs
    R$&X $*\#tgot $1
    R$&{undef} $*\#tgot2 $1
    Slhs2
    R$&j $*\#t$@ got $1
    Slhs3
    R$&{undef}\#t$@ got nothing
    R$&{undef} $*\#t$@ got2 $1
    Srep
    R$*\#t$@ $1 $2
    Sdupe
    R$*\#t$: $1
    Sdupe
    R$*\#t$: x $1
    Sempty
    Scallempty
    R$*\#t$: $>empty $1 x
    S17
    R$*\#t$: seventeen $1
    Sseven=18
    R$*\#t$: $>17 $1
    Sst
    R$*\#t$: <$>inf $1> x
    Sprefix
    R$*\#t$: $: $1
    Sprefix2
    R$*\#t$@ $@ $1
    Sprefix3
    R$*\#tx $@ $1 $: y
    Sauto
    R$*\#t$: $> 17 $1
    Sempt
    R$@\#t$@ nothing
    R$*\#t$: got $1
    Sempt2
    R$+\#t$@
    Sempt3
    R$*\#t$: $(d "" $) x $1
    Ste
    R$*\#t$: <$>empt2 x y> $1
    Sdollar
    R$$ $*\#t$: $$ $1
    Scall0
    R$*\#t$: $>0 $1
    Snot
    R$~{cc} $*\#t$@ $1
    Shash
    R$#error $*\#t$@ saw $1
    R$*\#t$#error $@ x $: $1
    Srh2
    R$*\#t$: $>hash $1
    R$*\#t$: after $1
    Srh3
    R$*\#t$: a $>hash $1
    R$*\#t$: after $1
    Srh4
    R$*\#t$# a $1
    R$*\#t$: after $1
    DY$j.foo
    DZa$?Y yes$?X both$|noX$.$|no$. end
    DQ$?{undef} yes $| no $. end
    C{dd}one.two $=w x
    C{ee} "a b" q(r
    Sa1
    R$*\#t$: $&Y $1
    Sa2
    R$&Y $*\#t$@ got $1
    Sa3
    R$*\#t$: $Z $1
    Sa4
    R$*\#t$: $Q $1
    Sa5
    R$*\#t$: $&Z $1
    Sa6
    R$*\#t$: $?X a $?{u} b $| c $. $| d $. e $1
    Sa7
    R$* $={dd} $*\#t$@ $1 | $2 | $3
    Sa8
    R$* $={ee} $*\#t$@ $1 | $2 | $3
    Szin1
    R$*\#t$@ one < $1 >
    Szin2
    R$* bad\#t$#error $: no
    R$*\#t$@ two < $1 >
    Sa9
    R$*\#t$: $>zin1 $>zin2 $1
    R$*\#t$: after $1
    Sb1
    R$*\#t$: $(d $1 $2
    R$*\#t$: $>"zin1" $1
    Sb2
    R$*\#t$: $>zin1 $>nosuch $>zin2 $1
    Sb3
    R$* $=w $*\#t$: $>$1 $2
    Sb4
    R$*\#t$: $($1 a $)
    Sb5
    R$+ $+\#t$1 $1 $2
    Sb6
    R $*  b\#t  $: $1   c  
    R $* c\#t$@ "x y"$1"z" a.b\#tcomment here\#t$* more
    Sb7
    R$*.$*\#t$: $1.$2
    R$*$+\#t$: $2$1
    Sb8
    R"$*"\#t$: x
    R\$*\#t$: y
    R$*\(\#t$: z
    R$*\#t$: $1 $#

    """#

  static let commands = #"""
    inf x
    inf2 x
    outer q
    outer q bad
    outer2 q bad
    outer3 q
    unk a
    maps a
    maps2 "a"
    maps2 a
    maps2 ""
    maps3 2
    maps4 a (x) b
    maps5 a
    maps6 a
    maps7 a
    lhs foo q
    lhs foo(bar) "q r" <z>
    lhs2 mx.test.example
    lhs2 mx.test.example x
    lhs2 MX.test.example x
    lhs2 mx.test.example.x
    lhs3 a
    rep a
    dupe a
    empty a
    callempty a
    17 a
    seven a
    st a
    prefix a
    prefix2 a
    prefix3 a
    auto a
    nosuch a
    999 a
    empt a
    empt2 a
    empt3 a
    te x
    dollar $ a
    call0 a
    not one b
    not x b
    hash q
    hash,hash q
    rh2 q
    rh3 q
    rh4 q
    3,nosuch,4 x
    =Sdupe
    =Sprefix
    =Smaps2
    =Sunk
    =Sempty
    a1 x
    a2 mx.test.example.foo x
    a2 x
    a3 x
    a4 x
    a5 x
    a6 x
    a7 a one two b
    a7 a one.two b
    a7 mx
    a7 MX.Test.example
    a8 a b
    a8 "a b" c
    a8 q(r
    a9 x bad
    a9 x
    b1 x
    b2 x
    b3 zin1 mx y
    b4 d
    b5 a b
    b6 a b
    b7 a
    b7 a.b
    b8 "x"
    b8 $x
    b8 a(
    =Sa1
    =Sa3
    =Sa6
    =Sb6
    =Sb8
    =Sb7
    """#
}
