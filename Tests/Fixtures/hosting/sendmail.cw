# sendmail.cw - names this server takes mail for
localhost
shop.example
www.shop.example
	mail.shop.example
blog.example www.blog.example
CLUB.Example # since 2009
  # the old name
shop-old.example
# end