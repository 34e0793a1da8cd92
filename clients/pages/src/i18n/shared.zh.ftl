# Every page of ours.
skip = 跳到内容
language = 语言
log-out = 退出登录
close = 关闭
cancel = 取消
loading = 正在加载…
try-again = 重试
yes = 是
no = 否
